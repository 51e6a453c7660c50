#include "viewer_support.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "test_data.h"

namespace canter::test {

bool can_view() {
  static const Result<void> kProbe = viewer::probe_headless();
  if (kProbe) return true;
  std::printf("SKIPPED: %s\n", kProbe.error().message.c_str());
  const char* required = std::getenv("CANTER_REQUIRE_DATA");
  if (required != nullptr && std::string(required) == "1")
    FAIL("OpenGL 4.5 is required here: " << kProbe.error().message);
  return false;
}

std::filesystem::path scratch_dir() {
  struct Folder {
    std::filesystem::path path =
        std::filesystem::temp_directory_path() / ("canter_viewer_test_" + std::to_string(getpid()));
    Folder() { std::filesystem::create_directories(path); }
    ~Folder() {
      std::error_code ignored;
      std::filesystem::remove_all(path, ignored);
    }
  };
  static const Folder kFolder;
  return kFolder.path;
}

std::string write_walker() {
  const std::string path = (scratch_dir() / "walker.bvh").string();
  std::ofstream out(path);
  const auto limb = [&](const char* upper, const char* lower, const char* end, const char* at,
                        const char* bone) {
    out << "JOINT " << upper << "\n{\nOFFSET " << at
        << "\nCHANNELS 3 Zrotation Xrotation Yrotation\n"
        << "JOINT " << lower << "\n{\nOFFSET " << bone
        << "\nCHANNELS 3 Zrotation Xrotation Yrotation\n"
        << "JOINT " << end << "\n{\nOFFSET " << bone
        << "\nCHANNELS 3 Zrotation Xrotation Yrotation\nEnd Site\n{\nOFFSET 0 -2 10\n}\n}\n}\n}\n";
  };
  out << "HIERARCHY\nROOT Hips\n{\nOFFSET 0 0 0\nCHANNELS 6 Xposition Yposition Zposition "
         "Zrotation "
         "Xrotation Yrotation\n";
  limb("LeftUpLeg", "LeftLeg", "LeftFoot", "10 0 0", "0 -42 0");
  limb("RightUpLeg", "RightLeg", "RightFoot", "-10 0 0", "0 -42 0");
  out << "JOINT Spine\n{\nOFFSET 0 20 0\nCHANNELS 3 Zrotation Xrotation Yrotation\n";
  limb("LeftArm", "LeftForeArm", "LeftHand", "18 30 0", "0 -28 0");
  limb("RightArm", "RightForeArm", "RightHand", "-18 30 0", "0 -28 0");
  out << "JOINT Head\n{\nOFFSET 0 38 0\nCHANNELS 3 Zrotation Xrotation Yrotation\nEnd Site\n{\n"
         "OFFSET 0 20 0\n}\n}\n}\n}\nMOTION\nFrames: 60\nFrame Time: 0.0333333\n";
  for (int f = 0; f < 60; ++f) {
    const double swing = 30.0 * std::sin(0.21 * f);
    out << "0 88 0 0 0 0";
    // Two legs of three joints, the spine, two arms of three joints, the head.
    for (const double side : {1.0, -1.0})
      out << " 0 " << side * swing << " 0 0 " << std::abs(swing) << " 0 0 0 0";
    out << " 0 0 0";
    for (const double side : {1.0, -1.0}) out << ' ' << side * (60.0 + swing) << " 0 0 0 0 0 0 0 0";
    out << " 0 0 0\n";
  }
  return path;
}

std::string write_floater() {
  std::string text;
  {
    const auto bytes = read_file(write_walker());
    text.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  for (std::size_t at = 0; (at = text.find("\n0 88 0 0 0 0", at)) != std::string::npos; ++at)
    text.replace(at, 7, "\n1000 138 0");
  const std::string path = (scratch_dir() / "floater.bvh").string();
  std::ofstream(path) << text;
  return path;
}

const char* const kSmallArchitecture =
    R"({"canter_architecture": 1, "inputs": [{"name": "x", "shape": ["batch", 3]}],
        "layers": [{"type": "linear", "tensors": "in"}, {"type": "relu"},
                   {"type": "linear", "tensors": "out", "output": "y"}]})";

nn::TensorMap small_weights() {
  nn::TensorMap tensors;
  tensors.emplace("in.weight", nn::Tensor::of<float>({2, 3}, {1, 2, 3, 4, 5, 6}));
  tensors.emplace("in.bias", nn::Tensor::of<float>({2}, {0.5f, -1}));
  tensors.emplace("out.weight", nn::Tensor::of<float>({1, 2}, {1, -1}));
  tensors.emplace("out.bias", nn::Tensor::of<float>({1}, {2}));
  return tensors;
}

std::string write_bytes(const std::string& name, std::span<const std::byte> bytes) {
  const std::string path = (scratch_dir() / name).string();
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  return path;
}

std::string write_network(const std::string& name, bool damaged) {
  nn::ModelFile file = nn::make_model_file(kSmallArchitecture, small_weights()).value();
  if (damaged) file.tensors.at("in.bias").as<float>()[0] = 0.0f;
  return write_bytes(name, nn::write_model_file(file));
}

viewer::Options headless(const std::string& file) {
  viewer::Options options;
  if (!file.empty()) options.files = {file};
  options.headless = true;
  options.frames = 2;
  options.width = 480;
  options.height = 320;
  options.quality = "low";
  return options;
}

viewer::Image run_to_image(viewer::Options options) {
  options.screenshot = (scratch_dir() / "image.png").string();
  const Result<void> done = viewer::run(options);
  REQUIRE_MESSAGE(done.ok(), (done.ok() ? "" : done.error().message));
  const auto bytes = read_file(options.screenshot);
  std::optional<viewer::Image> image = viewer::decode_image(bytes);
  REQUIRE(image.has_value());
  std::filesystem::remove(options.screenshot);
  return std::move(*image);
}

viewer::Image shrink(const viewer::Image& image, int factor) {
  viewer::Image small{image.width / factor, image.height / factor, {}};
  for (int y = 0; y < small.height; ++y)
    for (int x = 0; x < small.width; ++x)
      for (std::size_t c = 0; c < 4; ++c) {
        int sum = 0;
        for (int dy = 0; dy < factor; ++dy)
          for (int dx = 0; dx < factor; ++dx)
            sum += image.rgba[4 * static_cast<std::size_t>((y * factor + dy) * image.width +
                                                           x * factor + dx) +
                              c];
        small.rgba.push_back(static_cast<std::uint8_t>(sum / (factor * factor)));
      }
  return small;
}

double golden_difference(const std::string& name, const std::filesystem::path& picture) {
  constexpr int kFactor = 4;
  constexpr int kClear = 20;  // of 255, of a mean over 16 pixels: a digit, not a shade
  const std::filesystem::path golden =
      source_dir() / "tests" / "viewer" / "golden" / (name + ".png");
  std::optional<viewer::Image> shown = viewer::decode_image(read_file(picture));
  REQUIRE(shown.has_value());
  const viewer::Image small = shrink(*shown, kFactor);
  const char* update = std::getenv("CANTER_UPDATE_GOLDEN");
  if (update != nullptr && std::string(update) == "1") {
    REQUIRE(viewer::write_png(golden.string(), small).ok());
    return 0.0;
  }
  const std::optional<viewer::Image> expected = viewer::decode_image(read_file(golden));
  REQUIRE_MESSAGE(expected.has_value(), golden.string());
  if (expected->width != small.width || expected->height != small.height) return 1.0;
  return static_cast<double>(count_different(small, *expected, kClear)) /
         static_cast<double>(small.width * small.height);
}

int count_different(const viewer::Image& a, const viewer::Image& b, int threshold) {
  REQUIRE(a.width == b.width);
  REQUIRE(a.height == b.height);
  int count = 0;
  for (std::size_t i = 0; i < a.rgba.size(); i += 4) {
    int largest = 0;
    for (std::size_t c = 0; c < 3; ++c)
      largest = std::max(largest, std::abs(int{a.rgba[i + c]} - int{b.rgba[i + c]}));
    count += largest > threshold ? 1 : 0;
  }
  return count;
}

}  // namespace canter::test
