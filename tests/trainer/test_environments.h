#pragma once

#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>
#include <numbers>

#include "canter/trainer/environment.h"

namespace canter::test {

/// A point on a line with a motor follows a sine: what DeepMimic asks, in one dimension. The
/// episode fails where the point strays. Small enough to be learned in seconds.
class FollowSine : public trainer::Environment {
 public:
  struct State {
    double phase = 0.0, position = 0.0, velocity = 0.0;
    std::int64_t steps = 0;
  };

  int observation_size() const override { return 5; }
  int action_size() const override { return 1; }
  std::size_t state_bytes() const override { return sizeof(State); }
  double step_s() const override { return kStep; }
  void set_workers(int count) override { workers = count; }

  void reset(std::span<std::byte> state, double start, int worker) override {
    check(worker);
    put(state, {start, target(start), speed(start), 0});
  }
  trainer::StepResult step(std::span<std::byte> bytes, std::span<const float> action,
                           int worker) override {
    check(worker);
    State s = get(bytes);
    const double force = 10.0 * std::tanh(static_cast<double>(action[0]));
    s.velocity += kStep * (force - 0.5 * s.velocity);
    s.position += kStep * s.velocity;
    s.phase = std::fmod(s.phase + kStep / kPeriod, 1.0);
    ++s.steps;
    put(bytes, s);
    const double error = s.position - target(s.phase);
    if (break_at != 0 && s.steps == break_at)
      return {std::numeric_limits<float>::quiet_NaN(), trainer::Ending::running};
    if (std::abs(error) > 0.5) return {0.0f, trainer::Ending::failed};
    return {static_cast<float>(std::exp(-20.0 * error * error)), trainer::Ending::running};
  }
  void observe(std::span<const std::byte> bytes, std::span<float> observation,
               int worker) override {
    check(worker);
    const State s = get(bytes);
    observation[0] = static_cast<float>(s.position - target(s.phase));
    observation[1] = static_cast<float>(s.velocity - speed(s.phase));
    observation[2] = static_cast<float>(std::sin(2.0 * std::numbers::pi * s.phase));
    observation[3] = static_cast<float>(std::cos(2.0 * std::numbers::pi * s.phase));
    observation[4] = static_cast<float>(s.phase);
  }
  void fixed_normaliser(std::span<float> mean, std::span<float> std) const override {
    mean[4] = std[4] = 0.5f;
  }

  int workers = 0;
  std::int64_t break_at = 0;  ///< step of an episode whose reward is NaN; 0: never
  std::atomic<bool> strange_worker = false;

 private:
  static constexpr double kStep = 1.0 / 30.0;
  static constexpr double kPeriod = 1.0;

  static double target(double phase) { return 0.2 * std::sin(2.0 * std::numbers::pi * phase); }
  static double speed(double phase) {
    return 0.2 * 2.0 * std::numbers::pi / kPeriod * std::cos(2.0 * std::numbers::pi * phase);
  }
  static State get(std::span<const std::byte> bytes) {
    State s;
    std::memcpy(&s, bytes.data(), sizeof s);
    return s;
  }
  static void put(std::span<std::byte> bytes, const State& s) {
    std::memcpy(bytes.data(), &s, sizeof s);
  }
  void check(int worker) {
    if (worker < 0 || worker >= workers) strange_worker = true;
  }
};

/// Episodes of four steps. Those that start before `doomed` break in their last one, after
/// having earned `wages` a step; the others are over then, and earn more the smaller the action.
class Fuse : public trainer::Environment {
 public:
  static constexpr int kSteps = 4;
  explicit Fuse(float wages, double doomed = 0.5) : wages_(wages), doomed_(doomed) {}

  int observation_size() const override { return 2; }
  int action_size() const override { return 1; }
  std::size_t state_bytes() const override { return sizeof(State); }
  double step_s() const override { return 0.1; }
  void set_workers(int) override {}
  void reset(std::span<std::byte> state, double start, int) override { put(state, {start, 0}); }
  trainer::StepResult step(std::span<std::byte> bytes, std::span<const float> action,
                           int) override {
    State s = get(bytes);
    ++s.steps;
    put(bytes, s);
    const bool last = s.steps == kSteps, doomed = s.start < doomed_;
    if (doomed) return {wages_, last ? trainer::Ending::broken : trainer::Ending::running};
    return {std::exp(-action[0] * action[0]),
            last ? trainer::Ending::finished : trainer::Ending::running};
  }
  void observe(std::span<const std::byte> bytes, std::span<float> observation, int) override {
    const State s = get(bytes);
    observation[0] = static_cast<float>(s.start);
    observation[1] = static_cast<float>(s.steps);
  }

 private:
  struct State {
    double start = 0.0;
    std::int64_t steps = 0;
  };
  static State get(std::span<const std::byte> bytes) {
    State s;
    std::memcpy(&s, bytes.data(), sizeof s);
    return s;
  }
  static void put(std::span<std::byte> bytes, const State& s) {
    std::memcpy(bytes.data(), &s, sizeof s);
  }

  float wages_;
  double doomed_;
};

}  // namespace canter::test
