#include "canter/trainer/log.h"

#include <array>
#include <cstdio>
#include <protozero/pbf_builder.hpp>

#include "canter/base/bytes.h"

namespace canter::trainer {
namespace {

// Field numbers of TensorFlow's event.proto and summary.proto.
enum class Event : protozero::pbf_tag_type {
  wall_time = 1,
  step = 2,
  file_version = 3,
  summary = 5
};
enum class Summary : protozero::pbf_tag_type { value = 1 };
enum class Value : protozero::pbf_tag_type { tag = 1, simple_value = 2 };

// CRC-32C (Castagnoli), as TFRecord frames carry it.
constexpr std::array<std::uint32_t, 256> make_crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1u) != 0 ? 0x82f63b78u : 0u);
    table[i] = crc;
  }
  return table;
}

std::uint32_t masked_crc(const void* data, std::size_t size) {
  static constexpr auto kTable = make_crc_table();
  const auto* bytes = static_cast<const unsigned char*>(data);
  std::uint32_t crc = 0xffffffffu;
  for (std::size_t i = 0; i < size; ++i) crc = crc >> 8 ^ kTable[(crc ^ bytes[i]) & 0xffu];
  crc = ~crc;
  return (crc >> 15 | crc << 17) + 0xa282ead8u;
}

// Length, its checksum, the message, its checksum.
std::vector<std::byte> frame(const std::string& message) {
  const std::uint64_t length = message.size();
  const std::uint32_t length_crc = masked_crc(&length, sizeof length);
  const std::uint32_t message_crc = masked_crc(message.data(), message.size());
  ByteWriter out;
  out.put(length);
  out.put(length_crc);
  out.put_bytes(message.data(), message.size());
  out.put(message_crc);
  return out.take();
}

}  // namespace

std::vector<Scalar> scalars_of(const Iteration& i) {
  const double made = static_cast<double>(i.evaluation.starts > 0 ? 1 : 0);
  return {{"progress/iteration", static_cast<double>(i.iteration)},
          {"progress/samples", static_cast<double>(i.samples)},
          {"progress/seconds", i.seconds},
          {"evaluation/samples", static_cast<double>(i.evaluation.samples)},
          {"evaluation/reward", made * i.evaluation.reward},
          {"evaluation/life_s", made * i.evaluation.life_s},
          {"evaluation/survived", static_cast<double>(i.evaluation.survived)},
          {"evaluation/best_reward", made * i.best_reward},
          {"train/reward", i.train_reward},
          {"train/life_s", i.train_life_s},
          {"train/episodes", static_cast<double>(i.episodes)},
          {"train/failures", static_cast<double>(i.failures)},
          {"train/broken", static_cast<double>(i.broken)},
          {"update/actor_loss", i.actor_loss},
          {"update/critic_loss", i.critic_loss},
          {"update/explained", i.explained},
          {"update/clipped", i.clipped},
          {"update/kl", i.kl},
          {"update/actor_step", i.actor_step},
          {"update/noise", i.noise},
          {"update/actor_gradient", i.actor_gradient},
          {"update/critic_gradient", i.critic_gradient},
          {"time/collect_s", i.collect_s},
          {"time/update_s", i.update_s},
          {"time/evaluate_s", i.evaluate_s}};
}

std::string csv_header() {
  std::string line;
  for (const Scalar& s : scalars_of({})) line += (line.empty() ? "" : ",") + std::string(s.name);
  return line + "\n";
}

std::string csv_row(const Iteration& iteration) {
  std::string line;
  for (const Scalar& s : scalars_of(iteration)) {
    char text[32];
    std::snprintf(text, sizeof text, "%.9g", s.value);
    line += (line.empty() ? "" : ",") + std::string(text);
  }
  return line + "\n";
}

std::vector<std::byte> tensorboard_start(double wall_time_s) {
  std::string message;
  protozero::pbf_builder<Event> event(message);
  event.add_double(Event::wall_time, wall_time_s);
  event.add_string(Event::file_version, "brain.Event:2");
  return frame(message);
}

std::vector<std::byte> tensorboard_event(double wall_time_s, std::int64_t step,
                                         std::span<const Scalar> scalars) {
  std::string message;
  protozero::pbf_builder<Event> event(message);
  event.add_double(Event::wall_time, wall_time_s);
  event.add_int64(Event::step, step);
  {  // a message within is complete when its builder goes
    protozero::pbf_builder<Summary> summary(event, Event::summary);
    for (const Scalar& scalar : scalars) {
      protozero::pbf_builder<Value> value(summary, Summary::value);
      value.add_string(Value::tag, scalar.name);
      value.add_float(Value::simple_value, static_cast<float>(scalar.value));
    }
  }
  return frame(message);
}

}  // namespace canter::trainer
