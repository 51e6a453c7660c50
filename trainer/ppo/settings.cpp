#include "canter/trainer/settings.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "trainer/nn/gemm.h"

namespace canter::trainer {
namespace {

std::string text_of(const std::vector<int>& values) {
  std::string text;
  for (const int v : values) text += (text.empty() ? "" : ",") + std::to_string(v);
  return text;
}
std::string text_of(nn::Precision precision) {
  return std::string(nn::precision_name(precision));
}
template <class T>
std::string text_of(T value) {
  return std::to_string(value);
}

template <class T>
bool parse(std::string_view text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}
bool parse(std::string_view text, std::vector<int>& values) {
  std::vector<int> parsed;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    if (!parse(text.substr(0, comma), parsed.emplace_back())) return false;
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  values = parsed;
  return true;
}
bool parse(std::string_view text, nn::Precision& precision) {
  const auto parsed = nn::precision_from(text);
  if (parsed) precision = parsed.value();
  return parsed.ok();
}

// The one list of what decides the result.
template <class AnySettings, class Visit>
void visit_settings(AnySettings& s, Visit&& visit) {
  visit("seed", s.seed);
  visit("hidden", s.hidden);
  visit("precision", s.precision);
  visit("environments", s.environments);
  visit("group", s.group);
  visit("steps", s.steps);
  visit("episode_steps", s.episode_steps);
  visit("noise_first", s.noise_first);
  visit("noise_last", s.noise_last);
  visit("noise_samples", s.noise_samples);
  visit("observation_clip", s.observation_clip);
  visit("hard_starts", s.hard_starts);
  visit("epochs", s.epochs);
  visit("minibatch", s.minibatch);
  visit("shards", s.shards);
  visit("discount", s.discount);
  visit("advantage_decay", s.advantage_decay);
  visit("ratio_clip", s.ratio_clip);
  visit("advantage_clip", s.advantage_clip);
  visit("actor_step", s.actor_step);
  visit("critic_step", s.critic_step);
  visit("kl_target", s.kl_target);
  visit("gradient_norm", s.gradient_norm);
  visit("evaluate_every", s.evaluate_every);
  visit("evaluation_starts", s.evaluation_starts);
  visit("evaluation_steps", s.evaluation_steps);
}

// Remembers the first setting out of its range.
class Checker {
 public:
  template <class T>
  void in(const char* name, T value, double low, double high) {
    const double x = static_cast<double>(value);
    if (std::isfinite(x) && x >= low && x <= high) return;
    say(name, text_of(value), "between " + text_of(low) + " and " + text_of(high));
  }
  void divides(const char* name, int part, const char* whole_name, int whole) {
    if (message_.empty() && whole % part != 0)
      say(name, text_of(part),
          "a divisor of " + std::string(whole_name) + " (" + text_of(whole) + ")");
  }
  Result<void> result() const {
    if (message_.empty()) return {};
    return Error{ErrorCode::bad_value, message_};
  }

 private:
  void say(const char* name, const std::string& found, const std::string& expected) {
    if (message_.empty())
      message_ =
          "training settings: " + std::string(name) + " is " + found + ", expected " + expected;
  }
  std::string message_;
};

}  // namespace

Result<void> validate(const Settings& s) {
  Checker check;
  check.in("hidden (number of layers)", s.hidden.size(), 1, 8);
  for (const int units : s.hidden) check.in("hidden", units, 1, 16384);
  check.in("environments", s.environments, 1, 1 << 20);
  check.in("group", s.group, 1, s.environments);
  check.divides("group", s.group, "environments", s.environments);
  check.in("steps", s.steps, 1, 1 << 16);
  check.in("episode_steps", s.episode_steps, 1, 1e9);
  check.in("noise_first", s.noise_first, 1e-6, 1e6);
  check.in("noise_last", s.noise_last, 1e-6, 1e6);
  check.in("noise_samples", s.noise_samples, 1, 1e15);
  check.in("observation_clip", s.observation_clip, 1e-3, 1e6);
  check.in("hard_starts", s.hard_starts, 0, 0.999);
  check.in("epochs", s.epochs, 1, 1000);
  check.in("minibatch", s.minibatch, 1, s.samples_per_iteration());
  check.divides("minibatch", s.minibatch, "environments * steps", s.samples_per_iteration());
  check.in("shards", s.shards, 1, s.minibatch);
  check.divides("shards", s.shards, "minibatch", s.minibatch);
  check.in("discount", s.discount, 0, 0.99999);
  check.in("advantage_decay", s.advantage_decay, 0, 1);
  check.in("ratio_clip", s.ratio_clip, 1e-3, 10);
  check.in("advantage_clip", s.advantage_clip, 1e-3, 1e6);
  check.in("actor_step", s.actor_step, 0, 1);
  check.in("critic_step", s.critic_step, 0, 1);
  check.in("kl_target", s.kl_target, 1e-6, 100);
  check.in("gradient_norm", s.gradient_norm, 1e-6, 1e9);
  check.in("evaluate_every", s.evaluate_every, 1, 1e15);
  check.in("evaluation_starts", s.evaluation_starts, 1, 1 << 16);
  check.in("evaluation_steps", s.evaluation_steps, 1, 1e9);
  check.in("threads", s.threads, 1, 1024);
  if (const auto bad = check.result(); !bad) return bad;
  if (detail::supports(s.precision)) return {};
  return Error{ErrorCode::unsupported,
               "training settings: precision " + text_of(s.precision) +
                   " is not one this processor multiplies in; f32 always is"};
}

std::string describe(const Settings& settings) {
  std::string text;
  visit_settings(settings, [&](const char* name, const auto& value) {
    text += std::string(name) + "=" + text_of(value) + "\n";
  });
  return text;
}

Result<void> change(Settings& settings, std::string_view name, std::string_view value) {
  bool known = false, parsed = false;
  std::string names;
  visit_settings(settings, [&](const char* setting, auto& target) {
    names += (names.empty() ? "" : ", ") + std::string(setting);
    if (name != setting) return;
    known = true;
    parsed = parse(value, target);
  });
  if (!known)
    return Error{ErrorCode::bad_value,
                 "training settings: there is no '" + std::string(name) + "'; there are " + names};
  if (!parsed)
    return Error{ErrorCode::bad_value, "training settings: " + std::string(name) + " cannot be '" +
                                           std::string(value) + "'"};
  return {};
}

nn::Precision fastest_precision() {
  return detail::supports(nn::Precision::bf16) ? nn::Precision::bf16 : nn::Precision::f32;
}

}  // namespace canter::trainer
