// Runs with their files: logs read back, runs continued.
#include "canter/trainer/run.h"

#include <doctest/doctest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "canter/trainer/log.h"
#include "run_program.h"
#include "test_environments.h"

using namespace canter::trainer;
using canter::test::FollowSine;
using canter::test::TemporaryFolder;

namespace {

Settings quick_settings() {
  Settings settings;
  settings.hidden = {16};
  settings.environments = 32;
  settings.group = 16;
  settings.steps = 16;
  settings.minibatch = 256;
  settings.episode_steps = 60;
  settings.evaluation_steps = 60;
  settings.evaluation_starts = 4;
  settings.evaluate_every = 2048;
  return settings;
}

Trainer make_trainer(FollowSine& environment, const Settings& settings = quick_settings()) {
  auto trainer = Trainer::make(environment, settings);
  REQUIRE(trainer.ok());
  return std::move(*trainer);
}

std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream in(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// CRC-32C bit by bit: apart from the table that writes it.
std::uint32_t masked_crc(const std::byte* data, std::size_t size) {
  std::uint32_t crc = 0xffffffffu;
  for (std::size_t i = 0; i < size; ++i) {
    crc ^= static_cast<std::uint32_t>(data[i]);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (0x82f63b78u & (0u - (crc & 1u)));
  }
  crc = ~crc;
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

// A reader of event files: frames with their checksums, and the protobuf wire format below.
struct EventReader {
  std::vector<std::byte> bytes;
  std::size_t at = 0;

  template <class T>
  T get() {
    T value;
    REQUIRE(at + sizeof value <= bytes.size());
    std::memcpy(&value, bytes.data() + at, sizeof value);
    at += sizeof value;
    return value;
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      const auto byte = get<std::uint8_t>();
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }
  std::string text() {
    const std::size_t size = varint();
    REQUIRE(at + size <= bytes.size());
    at += size;
    return {reinterpret_cast<const char*>(bytes.data()) + at - size, size};
  }
  /// The message of the next frame.
  EventReader frame() {
    const std::size_t start = at;
    const auto length = get<std::uint64_t>();
    CHECK(get<std::uint32_t>() == masked_crc(bytes.data() + start, sizeof length));
    REQUIRE(at + length <= bytes.size());
    EventReader message{{bytes.begin() + static_cast<std::ptrdiff_t>(at),
                         bytes.begin() + static_cast<std::ptrdiff_t>(at + length)}};
    at += length;
    CHECK(get<std::uint32_t>() == masked_crc(message.bytes.data(), length));
    return message;
  }
  bool done() const { return at == bytes.size(); }
};

struct ReadEvent {
  double wall_time = 0.0;
  std::uint64_t step = 0;
  std::string version;
  std::vector<std::pair<std::string, float>> values;
};

std::pair<std::string, float> read_value(EventReader in) {
  std::pair<std::string, float> value;
  while (!in.done()) {
    const auto key = in.varint();
    if (key == (1 << 3 | 2))
      value.first = in.text();
    else if (key == (2 << 3 | 5))
      value.second = in.get<float>();
    else
      FAIL("unknown field of a value: " << key);
  }
  return value;
}

EventReader nested(EventReader& in) {
  const std::string text = in.text();
  const auto* raw = reinterpret_cast<const std::byte*>(text.data());
  return {{raw, raw + text.size()}};
}

ReadEvent read_event(EventReader in) {
  ReadEvent event;
  while (!in.done()) {
    const auto key = in.varint();
    if (key == (1 << 3 | 1))
      event.wall_time = in.get<double>();
    else if (key == (2 << 3 | 0))
      event.step = in.varint();
    else if (key == (3 << 3 | 2))
      event.version = in.text();
    else if (key == (5 << 3 | 2)) {
      EventReader summary = nested(in);
      while (!summary.done()) {
        REQUIRE(summary.varint() == (1 << 3 | 2));
        event.values.push_back(read_value(nested(summary)));
      }
    } else
      FAIL("unknown field of an event: " << key);
  }
  return event;
}

std::vector<std::byte> bytes_of(const std::string& path) {
  auto bytes = read_file(path);
  REQUIRE(bytes.ok());
  return bytes.value();
}

}  // namespace

TEST_CASE("the checksum of event files is the published one") {
  // CRC-32C of "123456789" is e3069283 (RFC 3720); masked as TFRecord does.
  const char digits[] = "123456789";
  const std::uint32_t crc = 0xe3069283u;
  CHECK(masked_crc(reinterpret_cast<const std::byte*>(digits), 9) ==
        ((crc >> 15) | (crc << 17)) + 0xa282ead8u);
}

TEST_CASE("a run leaves a CSV and a TensorBoard log that say the same, and a checkpoint") {
  TemporaryFolder folder;
  FollowSine environment;
  Trainer trainer = make_trainer(environment);
  int iterations = 0, best = 0, newest = 0;
  Callbacks callbacks;
  callbacks.iteration = [&](const Iteration& i) { CHECK(i.iteration == ++iterations); };
  callbacks.best = [&](const Policy&, const Evaluation&) { ++best; };
  callbacks.newest = [&](const Policy& p) { newest += p.layers.size() == 2 ? 1 : 0; };
  const auto report = run(trainer, {.samples = 512 * 9}, callbacks, {folder.path("run")});
  REQUIRE(report.ok());
  CHECK_FALSE(report.value().stopped);
  CHECK(iterations == 9);
  CHECK(newest == 9);
  CHECK(best >= 1);
  CHECK(report.value().last.evaluation.samples == 512 * 9);  // the last policy in any case

  const std::vector<std::string> lines = lines_of(folder.path("run/log.csv"));
  REQUIRE(lines.size() == 10);
  CHECK(lines[0] + "\n" == csv_header());
  std::string events;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path("run")))
    if (entry.path().filename().string().rfind("events.out.tfevents.", 0) == 0)
      events = entry.path().string();
  EventReader file{bytes_of(events)};
  CHECK(read_event(file.frame()).version == "brain.Event:2");
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const ReadEvent event = read_event(file.frame());
    CHECK(event.step == i * 512);
    CHECK(event.wall_time > 1.6e9);
    std::istringstream names(lines[0]), numbers(lines[i]);
    std::string name, number;
    for (const auto& [tag, value] : event.values) {
      REQUIRE(std::getline(names, name, ','));
      REQUIRE(std::getline(numbers, number, ','));
      CHECK(tag == name);
      CHECK(value == doctest::Approx(std::stod(number)).epsilon(1e-6));
    }
    CHECK_FALSE(std::getline(names, name, ','));
  }
  CHECK(file.done());
  CHECK(std::filesystem::exists(folder.path("run/checkpoint")));
}

TEST_CASE("a run that was killed continues where its checkpoint is, with one log") {
  TemporaryFolder folder;
  FollowSine environment;
  Trainer whole = make_trainer(environment);
  REQUIRE(run(whole, {.samples = 512 * 10}).ok());

  // The checkpoint is of iteration 4; iterations 5 and 6 were logged before the end.
  Trainer killed = make_trainer(environment);
  REQUIRE(run(killed, {.samples = 512 * 4}, {}, {folder.path("run")}).ok());
  const std::vector<std::byte> kept = bytes_of(folder.path("run/checkpoint"));
  REQUIRE(run(killed, {.samples = 512 * 6}, {}, {folder.path("run"), true}).ok());
  REQUIRE(write_file(folder.path("run/checkpoint"), kept).ok());

  Trainer rest = make_trainer(environment);
  const auto report = run(rest, {.samples = 512 * 10}, {}, {folder.path("run"), true});
  REQUIRE(report.ok());
  CHECK(report.value().resumed);
  CHECK(report.value().last.samples == 512 * 10);
  const std::vector<std::string> lines = lines_of(folder.path("run/log.csv"));
  REQUIRE(lines.size() == 11);
  for (std::size_t i = 1; i < lines.size(); ++i) CHECK(std::stoi(lines[i]) == static_cast<int>(i));
  // Evaluations on the way (at the ends of the parts) change what is best, not what is learned.
  CHECK(rest.policy().layers[0].weights == whole.policy().layers[0].weights);

  // Without resume it begins anew.
  Trainer anew = make_trainer(environment);
  REQUIRE(run(anew, {.samples = 512 * 2}, {}, {folder.path("run")}).ok());
  CHECK(lines_of(folder.path("run/log.csv")).size() == 3);
}

TEST_CASE("a run can be paused and stopped, and ends at a reward or after a time") {
  FollowSine environment;
  Trainer trainer = make_trainer(environment);
  int asked = 0;
  Callbacks callbacks;
  callbacks.command = [&] {
    ++asked;
    return asked == 2 ? Command::pause : asked == 4 ? Command::stop : Command::go;
  };
  const auto report = run(trainer, {}, callbacks);
  REQUIRE(report.ok());
  CHECK(report.value().stopped);
  CHECK(report.value().last.iteration == 2);

  const auto more = run(trainer, {.reward = 1e-6});
  REQUIRE(more.ok());
  CHECK(more.value().last.best_reward > 1e-6);
  const double before = more.value().last.seconds;
  const auto timed = run(trainer, {.seconds = before + 1e-3});
  REQUIRE(timed.ok());
  CHECK(timed.value().last.seconds >= before + 1e-3);
}

TEST_CASE("files that cannot be written or read are errors with their path") {
  TemporaryFolder folder;
  FollowSine environment;
  Trainer trainer = make_trainer(environment);
  REQUIRE(write_file(folder.path("file"), {}).ok());
  const auto in_file = run(trainer, {.samples = 1}, {}, {folder.path("file")});
  REQUIRE_FALSE(in_file.ok());
  CHECK(in_file.error().message.find("file") != std::string::npos);
  std::filesystem::create_directories(folder.path("run"));
  REQUIRE(write_file(folder.path("run/checkpoint"), std::vector<std::byte>(100)).ok());
  const auto damaged = run(trainer, {.samples = 1}, {}, {folder.path("run"), true});
  REQUIRE_FALSE(damaged.ok());
  CHECK(damaged.error().message.find("run/checkpoint") != std::string::npos);
  CHECK_FALSE(read_file(folder.path("absent")).ok());
  CHECK_FALSE(write_file(folder.path("absent/file"), {}).ok());
}
