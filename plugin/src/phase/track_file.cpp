// Phases of a clip as a file: a safetensors (docs/phase.md).

#include <charconv>
#include <cmath>

#include "canter/phase/track.h"

namespace canter::phase {
namespace {

constexpr const char* kFormat = "canter phase track 1";

// The four numbers of a channel, each a tensor [frames, channels].
struct Column {
  const char* name;
  float ChannelPhase::*member;
};
constexpr Column kColumns[] = {{"phase", &ChannelPhase::phase},
                               {"frequency_hz", &ChannelPhase::frequency_hz},
                               {"amplitude", &ChannelPhase::amplitude},
                               {"offset", &ChannelPhase::offset}};

Error bad(std::string_view source, const std::string& what) {
  return {ErrorCode::bad_value, std::string(source) + ": " + what};
}

std::string text_of(float value) {
  char text[32];
  const auto result = std::to_chars(text, text + sizeof text, value);
  return {text, result.ptr};
}

Result<float> number(const nn::TextMap& metadata, std::string_view key, float least, float most,
                     std::string_view source) {
  const auto found = metadata.find(key);
  const std::string text = found == metadata.end() ? "absent" : found->second;
  float value = 0.0f;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value >= least) ||
      !(value <= most))
    return bad(source, "metadata '" + std::string(key) + "' is " + text + "; expected " +
                           text_of(least) + " to " + text_of(most));
  return value;
}

Mode mode_from(const nn::TextMap& metadata) {
  const auto found = metadata.find("mode");
  for (const Mode mode : {Mode::centred, Mode::carried, Mode::past_only, Mode::frame})
    if (found != metadata.end() && found->second == mode_name(mode)) return mode;
  return Mode::none;
}

Result<void> read_header(const nn::TextMap& metadata, std::string_view source, PhaseTrack& track) {
  const auto format = metadata.find("format");
  if (format == metadata.end() || format->second != kFormat)
    return bad(source, "metadata 'format' is '" + (format == metadata.end() ? "" : format->second) +
                           "'; expected '" + kFormat + "'");
  const auto rate = number(metadata, "rate_hz", 1.0f, 1000.0f, source);
  const auto duration = number(metadata, "duration_s", 0.0f, 1e6f, source);
  const auto primary = number(metadata, "primary", 0.0f, 4096.0f, source);
  for (const auto* value : {&rate, &duration, &primary})
    if (!*value) return value->error();
  track.rate_hz = *rate;
  track.duration_s = *duration;
  track.primary = static_cast<int>(*primary);
  const auto loop = metadata.find("loop");
  track.loop = loop != metadata.end() && loop->second == "true";
  track.mode = mode_from(metadata);
  return {};
}

}  // namespace

std::vector<std::byte> save_phase_track(const PhaseTrack& track, const nn::TextMap& notes) {
  nn::TextMap metadata = notes;
  metadata["format"] = kFormat;
  metadata["rate_hz"] = text_of(track.rate_hz);
  metadata["duration_s"] = text_of(track.duration_s);
  metadata["primary"] = std::to_string(track.primary);
  metadata["loop"] = track.loop ? "true" : "false";
  metadata["mode"] = mode_name(track.mode);
  nn::TensorMap tensors;
  std::vector<float> values(track.values.size());
  for (const Column& column : kColumns) {
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = track.values[i].*column.member;
    tensors.emplace(column.name, nn::Tensor::of(nn::Shape{track.frames(), track.channels},
                                                std::span<const float>(values)));
  }
  return nn::write_safetensors(tensors, metadata);
}

Result<PhaseTrack> load_phase_track(std::span<const std::byte> bytes, std::string_view source) {
  const auto file = nn::read_safetensors(bytes, source);
  if (!file) return file.error();
  PhaseTrack track;
  if (auto header = read_header(file->metadata, source, track); !header) return header.error();
  for (const Column& column : kColumns) {
    const auto found = file->tensors.find(column.name);
    if (found == file->tensors.end() || found->second.dtype() != nn::DType::f32 ||
        found->second.shape().rank() != 2)
      return bad(source, std::string("no f32 tensor '") + column.name + "' [frames, channels]");
    const auto values = found->second.as<float>();
    if (track.values.empty()) {
      track.channels = static_cast<int>(std::min<std::int64_t>(found->second.shape()[1], 4097));
      track.values.resize(values.size());
    }
    if (values.size() != track.values.size() || found->second.shape()[1] != track.channels)
      return bad(source, std::string("tensor '") + column.name + "' has the shape " +
                             found->second.shape().text() + "; expected that of 'phase'");
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!std::isfinite(values[i]))
        return bad(source, std::string("tensor '") + column.name + "' holds NaN or infinity");
      track.values[i].*column.member = values[i];
    }
  }
  if (track.primary >= track.channels)
    return bad(source, "metadata 'primary' is " + std::to_string(track.primary) + "; there are " +
                           std::to_string(track.channels) + " channels");
  for (ChannelPhase& c : track.values) c.phase = wrap_cycle(c.phase);
  return track;
}

}  // namespace canter::phase
