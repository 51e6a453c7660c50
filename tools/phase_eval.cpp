// canter phase eval: the metrics M1 to M12 of a network over clips.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

#include "command.h"
#include "phase.h"
#include "phase_motions.h"
#include "phase_retrieval.h"

namespace canter::tools {
namespace {

using Json = nlohmann::ordered_json;

struct EvalArguments {
  std::vector<std::string> clips, only;
  std::string network = shipped_phase_network();
  std::string past_only;  ///< network of past-only windows, for M10
  bool json = false;
};

// NaN (nothing to measure) as null.
Json number(double value) {
  return std::isfinite(value) ? Json(value) : Json();
}

bool was_learned(const phase::Autoencoder& network, const std::string& name) {
  const auto found = network.provenance().find("trained_on");
  return found != network.provenance().end() && found->second.find(name) != std::string::npos;
}

// M1 and M12: windows rebuilt, and the sliding update beside the plain form.
struct Rebuilt {
  double nmse = 0.0;
  double worst_phase = 0.0;  ///< cycles
  double worst_rest = 0.0;   ///< relative, of amplitude, frequency and offset
};
Rebuilt rebuild(const phase::Autoencoder& network, const std::vector<phase::Features>& features,
                const std::vector<phase::PhaseTrack>& tracks) {
  const phase::AutoencoderInfo& info = network.info();
  const auto dims = static_cast<std::size_t>(info.dims);
  const auto frames = static_cast<std::size_t>(info.frames);
  constexpr int kEvery = 30;
  phase::Encoder encoder(network);
  std::vector<phase::ChannelPhase> channels(static_cast<std::size_t>(info.channels));
  Rebuilt out;
  double errors = 0.0, squares = 0.0;
  for (std::size_t i = 0; i < features.size(); ++i)
    for (int f = 0; f < features[i].frames; f += kEvery) {
      const int middle = info.pivot == phase::Pivot::centre ? f : f - info.frames / 2;
      const auto window = features[i].window(middle, info.frames);
      encoder.encode(window, channels);
      const auto output = encoder.decode(channels);
      for (std::size_t d = 0; d < dims; ++d) {
        double mean = 0.0;
        for (std::size_t t = 0; t < frames; ++t)
          mean += static_cast<double>(window[t * dims + d]) / static_cast<double>(frames);
        for (std::size_t t = 0; t < frames; ++t) {
          const auto x = static_cast<double>(window[t * dims + d]);
          errors += std::pow(x - static_cast<double>(output[d * frames + t]), 2);
          squares += std::pow(x - mean, 2);
        }
      }
      for (int c = 0; c < info.channels; ++c) {
        const phase::ChannelPhase& plain = channels[static_cast<std::size_t>(c)];
        const phase::ChannelPhase& slid = tracks[i].at(f, c);
        const auto relative = [](float a, float b) {
          return std::abs(static_cast<double>(a - b)) /
                 std::max(1.0, std::abs(static_cast<double>(b)));
        };
        out.worst_phase = std::max(
            out.worst_phase,
            std::abs(static_cast<double>(phase::cycle_difference(plain.phase, slid.phase))));
        out.worst_rest = std::max({out.worst_rest, relative(slid.amplitude, plain.amplitude),
                                   relative(slid.frequency_hz, plain.frequency_hz),
                                   relative(slid.offset, plain.offset)});
      }
    }
  out.nmse = squares > 0.0 ? errors / squares : 0.0;
  return out;
}

// M11: microseconds of a character's frame by the sliding update.
std::vector<double> measure(const phase::Autoencoder& network, const phase::Features& features) {
  phase::SlidingEncoder sliding(network, 1);
  std::vector<float> state(sliding.state_size());
  sliding.start(state);
  std::vector<phase::ChannelPhase> out(static_cast<std::size_t>(network.info().channels));
  std::vector<double> us;
  constexpr int kRuns = 3000;
  for (int i = 0; i < kRuns; ++i) {
    const phase::SlideItem item{state, features.row(i % features.frames).data(), out.data()};
    const auto begun = std::chrono::steady_clock::now();
    sliding.advance({&item, 1});
    us.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begun)
                     .count());
  }
  std::sort(us.begin(), us.end());
  return us;
}

Json to_json(const phase::GaitScores& s) {
  Json out;
  out["m2"] = number(s.m2_steady);
  out["m2_transitions"] = number(s.m2_rest);
  out["m3"] = {{"r2", number(s.m3_r2)}, {"rms_cycles", number(s.m3_rms)}};
  out["m4"] = {{"a_median", number(s.m4a_median)},
               {"a_p95", number(s.m4a_p95)},
               {"b_median", number(s.m4b)},
               {"c_median_hz", number(s.m4c)}};
  out["m5"] = {{"a_left", number(s.m5a[0])},
               {"a_right", number(s.m5a[1])},
               {"a_left_pooled", number(s.m5a_pooled[0])},
               {"a_right_pooled", number(s.m5a_pooled[1])},
               {"b", number(s.m5b)}};
  out["m8"] = number(s.m8);
  out["m9"] = number(s.m9);
  out["ratio"] = s.ratio;
  out["segments"] = s.segments;
  out["strides"] = s.strides;
  return out;
}

// M10: what a mode without future loses against the centred one on the same segments.
void add_live_loss(Json& out, const char* key, const phase::Autoencoder& network,
                   const std::vector<PhaseClip>& clips, double centred_rms) {
  const auto tracks =
      tracks_of(network, features_of(clips, phase::settings_for(network, true)), true);
  const phase::GaitScores s = phase::score_gait(scored(clips, tracks), network.info().primary);
  out["m10"][key] = {{"rms_cycles", number(s.m3_rms)},
                     {"loss", number(s.m3_rms - centred_rms)},
                     {"m2", number(s.m2_steady)}};
}

void print_text(const Json& out) {
  for (const auto& [key, value] : out.items()) fmt::print("{:<16} {}\n", key, value.dump());
}

void evaluate(const EvalArguments& a) {
  const phase::Autoencoder network = load_phase_network(a.network);
  std::vector<std::string> skipped;
  std::vector<PhaseClip> clips, learned;
  for (PhaseClip& c : load_phase_clips(a.clips, skipped)) {
    const bool wanted = a.only.empty() || any_in(a.only, c.name);
    if (was_learned(network, c.name)) learned.push_back(c);
    if (wanted) clips.push_back(std::move(c));
  }
  if (clips.empty()) throw bad_data("no clip to measure on is left");
  if (network.info().dims != 3 * phase::kBodyPoints)
    throw bad_data(fmt::format("{}: trained on {} features; these clips give {}", a.network,
                               network.info().dims, 3 * phase::kBodyPoints));
  const auto features = features_of(clips, phase::settings_for(network, false));
  const auto tracks = tracks_of(network, features, false);
  const int primary = network.info().primary;
  const phase::GaitScores gait = phase::score_gait(scored(clips, tracks), primary);
  const Rebuilt rebuilt = rebuild(network, features, tracks);
  const Found found = retrieve(
      network, features, tracks,
      learned.empty() ? features : features_of(learned, phase::settings_for(network, false)));

  Json out;
  out["m1"] = number(rebuilt.nmse);
  out.update(to_json(gait));
  out["m6"] = {
      {"distance_m", number(found.manifold.distance_m)},
      {"pca_phase_m", number(found.curves.distance_m)},
      {"pca_windows_m", number(found.windows.distance_m)},
      {"pose_velocity_m", number(found.pose.distance_m)},
      {"least_m", number(found.least.distance_m)},
      {"components_of", learned.empty() ? "these clips" : "clips the network learned from"},
      {"queries", found.manifold.queries}};
  out["m7"] = number(found.manifold.jump);
  if (network.info().pivot == phase::Pivot::centre)
    add_live_loss(out, "carried", network, clips, gait.m3_rms);
  if (!a.past_only.empty())
    add_live_loss(out, "past_only", load_phase_network(a.past_only), clips, gait.m3_rms);
  const std::vector<double> us = measure(network, features[0]);
  out["m11"] = {{"p50_us", us[us.size() / 2]}, {"p99_us", us[us.size() * 99 / 100]}};
  out["m12"] = {{"phase_cycles", rebuilt.worst_phase}, {"relative", rebuilt.worst_rest}};
  out["primary"] = primary;
  out["clips"] = Json::array();
  for (std::size_t i = 0; i < clips.size(); ++i) {
    const phase::ScoredClip one{&tracks[i], &clips[i].gait, kEdge_s,
                                clips[i].clip.duration_s() - kEdge_s};
    Json clip = {{"name", clips[i].name}};
    clip.update(to_json(phase::score_gait({&one, 1}, primary)));
    out["clips"].push_back(clip);
  }
  if (a.json)
    fmt::print("{}\n", out.dump(2));
  else
    print_text(out);
}

}  // namespace

void add_phase_eval(CLI::App& phase) {
  CLI::App* command = phase.add_subcommand("eval", "Metrics M1 to M12 of a network over clips");
  auto a = std::make_shared<EvalArguments>();
  command->add_option("CLIPS", a->clips, "Files or folders of motions")->required();
  command->add_option("--network", a->network, "A Periodic Autoencoder");
  command->add_option("--only", a->only, "Parts of names: the clips to measure on");
  command->add_option("--past-only", a->past_only, "A past-only network, measured in M10 too");
  command->add_flag("--json", a->json, "One JSON object on stdout");
  command->callback([a] { evaluate(*a); });
}

}  // namespace canter::tools
