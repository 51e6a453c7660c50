// canter bench: every hot stage beside its reference in the same run.

#include "bench.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>

#include "command.h"

namespace canter::tools {
namespace bench {
namespace {

double batch_ns(const std::function<void(int)>& run, int calls) {
  const auto start = std::chrono::steady_clock::now();
  run(calls);
  const auto end = std::chrono::steady_clock::now();
  return std::chrono::duration<double, std::nano>(end - start).count() / calls;
}

double percentile(std::vector<double>& sorted, double p) {
  return sorted[static_cast<std::size_t>(p * static_cast<double>(sorted.size() - 1))];
}

}  // namespace

void keep(const void* value) {
  asm volatile("" : : "g"(value) : "memory");
}

Row measure(const Case& c) {
  std::vector<double> ours;
  std::vector<double> theirs;
  const int warm_up = std::max(3, c.batches / 10);
  // In turn, so that whatever else the machine does falls on both alike.
  for (int b = -warm_up; b < c.batches; ++b) {
    c.reset();
    const double a = batch_ns(c.run, c.calls);
    double r = 0.0;
    if (c.run_reference) {
      c.reset();
      r = batch_ns(c.run_reference, c.calls);
    }
    if (b < 0) continue;
    ours.push_back(a);
    theirs.push_back(r);
  }
  c.reset();
  c.run(c.calls);

  std::sort(ours.begin(), ours.end());
  std::sort(theirs.begin(), theirs.end());
  Row row;
  row.name = c.name;
  row.reference = c.reference;
  row.ns = percentile(ours, 0.5);
  row.best_ns = ours.front();
  row.spread = (percentile(ours, 0.9) - percentile(ours, 0.1)) / row.ns;
  row.reference_ns = percentile(theirs, 0.5);
  row.ratio = row.reference_ns > 0.0 ? row.ns / row.reference_ns : 0.0;
  row.hash = c.hash();
  return row;
}

}  // namespace bench

namespace {

using Json = nlohmann::ordered_json;

double rounded(double value, double step) {
  return std::round(value / step) * step;
}

Json to_json(const std::vector<bench::Row>& rows, const std::vector<bench::Size>& sizes) {
  Json out;
  out["rows"] = Json::array();
  for (const bench::Row& r : rows)
    out["rows"].push_back({{"name", r.name},
                           {"ns", rounded(r.ns, 0.1)},
                           {"reference", r.reference},
                           {"reference_ns", rounded(r.reference_ns, 0.1)},
                           {"ratio", rounded(r.ratio, 0.001)},
                           {"hash", fmt::format("{:016x}", r.hash)},
                           {"best_ns", rounded(r.best_ns, 0.1)},
                           {"spread", rounded(r.spread, 0.001)}});
  out["sizes"] = Json::array();
  for (const bench::Size& s : sizes)
    out["sizes"].push_back({{"name", s.name},
                            {"joints", s.joints},
                            {"frames", s.frames},
                            {"bytes", s.bytes},
                            {"raw_bytes", s.raw_bytes},
                            {"resident_bytes", s.resident_bytes},
                            {"max_error_mm", rounded(s.max_error_mm, 1e-4)},
                            {"compress_ms", rounded(s.compress_ms, 0.1)}});
  return out;
}

void print_row(const bench::Row& r) {
  const std::string reference =
      r.reference.empty()
          ? ""
          : fmt::format("{:>10.1f} {:>6.3f}  {}", r.reference_ns, r.ratio, r.reference);
  fmt::print("{:<34} {:>10.1f} {:>5.0f}% {:016x} {}\n", r.name, r.ns, 100.0 * r.spread, r.hash,
             reference);
  std::fflush(stdout);
}

void print_csv(const std::vector<bench::Row>& rows, const std::vector<bench::Size>& sizes,
               const std::string& path) {
  std::string text = "name,ns,best_ns,spread,reference,reference_ns,ratio,hash\n";
  for (const bench::Row& r : rows)
    text += fmt::format("{},{:.1f},{:.1f},{:.3f},\"{}\",{:.1f},{:.3f},{:016x}\n", r.name, r.ns,
                        r.best_ns, r.spread, r.reference, r.reference_ns, r.ratio, r.hash);
  text += "\nname,joints,frames,bytes,raw_bytes,resident_bytes,max_error_mm,compress_ms\n";
  for (const bench::Size& s : sizes)
    text += fmt::format("{},{},{},{},{},{},{:.4f},{:.1f}\n", s.name, s.joints, s.frames, s.bytes,
                        s.raw_bytes, s.resident_bytes, s.max_error_mm, s.compress_ms);
  write_file(path, std::as_bytes(std::span(text)));
}

struct BenchArguments {
  bool json = false;
  std::string filter;
  std::string data = "../shared/data";
  std::string csv;
};

void run_bench(const BenchArguments& arguments) {
  bench::Suite suite;
  bench::add_anim(suite, arguments.data);
  bench::add_import(suite, arguments.data);
  bench::add_phase(suite);
  bench::add_world(suite);
  bench::add_world_phase(suite);
  std::vector<bench::Row> rows;
  std::vector<bench::Size> sizes;
  if (!arguments.json)
    fmt::print("{:<34} {:>10} {:>6} {:<16} {:>10} {:>6}  {}\n", "operation", "ns", "spread", "hash",
               "ref. ns", "ratio", "reference");
  for (const bench::Case& c : suite.cases) {
    if (c.name.find(arguments.filter) == std::string::npos) continue;
    rows.push_back(bench::measure(c));
    if (!arguments.json) print_row(rows.back());
  }
  for (const bench::Size& s : suite.sizes) {
    if (s.name.find(arguments.filter) == std::string::npos) continue;
    sizes.push_back(s);
    if (!arguments.json)
      fmt::print("{:<34} {} joints, {} frames: {} of {} bytes, {:.4f} mm, {:.0f} ms; {} resident\n",
                 s.name, s.joints, s.frames, s.bytes, s.raw_bytes, s.max_error_mm, s.compress_ms,
                 s.resident_bytes);
  }
  if (rows.empty() && sizes.empty())
    throw bad_call("no benchmark has '" + arguments.filter + "' in its name");
  if (arguments.json) fmt::print("{}\n", to_json(rows, sizes).dump(2));
  if (!arguments.csv.empty()) print_csv(rows, sizes, arguments.csv);
}

}  // namespace

void add_bench(CLI::App& app) {
  CLI::App* command = app.add_subcommand("bench", "Times every hot stage beside its reference");
  auto arguments = std::make_shared<BenchArguments>();
  command->add_flag("--json", arguments->json, "One JSON object on stdout");
  command->add_option("--filter", arguments->filter, "Only rows with this in their name");
  command->add_option("--data", arguments->data,
                      "Folder of test data; rows on real motions are left out where it is absent");
  command->add_option("--csv", arguments->csv, "Also write the results to this file");
  command->callback([arguments] { run_bench(*arguments); });
}

}  // namespace canter::tools
