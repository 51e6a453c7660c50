// How fast motion files are read.

#include <cstdlib>
#include <filesystem>
#include <memory>

#include "bench.h"
#include "canter/import/import.h"
#include "canter/import/write.h"
#include "command.h"
#include "synthetic.h"

namespace canter::tools::bench {
namespace {

std::uint64_t hash_of(const importer::Scene& scene) {
  std::uint64_t hash = 0xcbf29ce484222325ull;
  for (const RawClip& clip : scene.clips)
    for (const Transform& t : clip.keys)
      for (const float value : {t.rotation.w, t.rotation.x, t.translation.y})
        hash = (hash ^ static_cast<std::uint64_t>(static_cast<std::int64_t>(value * 1e4f))) *
               0x100000001b3ull;
  return hash;
}

// strtof on every number of the motion, as a plain reader would, without making poses of them.
double sum_of_numbers(const std::string& text) {
  double sum = 0.0;
  const std::size_t line = text.find('\n', text.find("Frame Time"));
  for (const char* p = text.c_str() + line;;) {
    char* end = nullptr;
    const float value = std::strtof(p, &end);
    if (end == p) return sum;
    sum += static_cast<double>(value);
    p = end;
  }
}

// An operation is a thousand bytes of text: 5000 ns are 200 MB/s.
Case read_case(const std::string& name, const std::vector<std::byte>& bytes) {
  const auto text =
      std::make_shared<std::string>(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto scene = std::make_shared<importer::Scene>();
  Case c;
  c.name = "import.bvh_per_kB." + name;
  c.reference = "strtof, no poses";
  c.calls = static_cast<int>(text->size() / 1000);
  c.batches = 31;
  c.reset = [] {};
  c.run = [text, scene](int) {
    *scene = require(importer::load(std::as_bytes(std::span(*text)), "bench.bvh"));
  };
  c.run_reference = [text](int) {
    const double sum = sum_of_numbers(*text);
    keep(&sum);
  };
  c.hash = [scene] { return hash_of(*scene); };
  return c;
}

}  // namespace

void add_import(Suite& suite, const std::string& data_dir) {
  const std::filesystem::path real =
      std::filesystem::path(data_dir) / "motions/bvh/cmu_mb_01_01_climb.bvh";
  if (std::filesystem::exists(real))
    suite.cases.push_back(read_case("cmu_climb", read_file(real.string())));
  const Skeleton skeleton = test::synthetic_skeleton(31);
  suite.cases.push_back(read_case(
      "synthetic31",
      require(importer::write_bvh(skeleton, test::synthetic_clip(skeleton, 2000, 120.0f)))));
}

}  // namespace canter::tools::bench
