// A trainer's whole state as bytes, and back.
#include <cstring>
#include <sstream>
#include <string>

#include "canter/base/bytes.h"
#include "canter/base/hash.h"
#include "trainer/ppo/trainer_state.h"

namespace canter::trainer {
namespace {

constexpr char kMagic[8] = {'C', 'A', 'N', 'T', 'R', 'A', 'I', 'N'};
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kMostSettings = 1 << 16;
constexpr std::size_t kMostFloats = std::size_t{1} << 30;
constexpr std::size_t kMostLayers = 64;

// Every byte that decides the future, in a fixed order. The clock is not among them.
template <class State, class Visit>
void visit_state(State& state, Visit&& visit) {
  const auto visit_one = [&](auto& value) { visit(std::as_writable_bytes(std::span(&value, 1))); };
  const auto visit_all = [&](auto& values) { visit(std::as_writable_bytes(std::span(values))); };
  visit_one(state.counters.iteration);
  visit_one(state.counters.samples);
  visit_one(state.counters.next_evaluation);
  visit_one(state.counters.best_reward);
  state.learner.visit_state(visit);
  visit_one(state.normaliser.moments().count);
  visit_all(state.normaliser.moments().mean);
  visit_all(state.normaliser.moments().squares);
  visit_one(state.starts);
  visit_one(state.random);
  visit_all(state.slots.slots);
  visit(state.slots.states.bytes());
}

void put_floats(ByteWriter& out, const std::vector<float>& values) {
  out.put(static_cast<std::uint32_t>(values.size()));
  out.put_all(values);
}

std::vector<float> get_floats(ByteReader& in, const char* name) {
  std::vector<float> values(in.get_count(sizeof(float), kMostFloats, name));
  const auto bytes = in.get_bytes(values.size() * sizeof(float), name);
  if (bytes.size() == values.size() * sizeof(float) && !values.empty())
    std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

void put_policy(ByteWriter& out, const Policy& policy) {
  put_floats(out, policy.mean);
  put_floats(out, policy.std);
  out.put(policy.observation_clip);
  out.put(policy.samples);
  out.put(static_cast<std::uint32_t>(policy.layers.size()));
  for (const Policy::Layer& layer : policy.layers) {
    out.put(layer.in);
    out.put(layer.out);
    put_floats(out, layer.weights);
    put_floats(out, layer.bias);
  }
}

Policy get_policy(ByteReader& in) {
  Policy policy;
  policy.mean = get_floats(in, "policy mean");
  policy.std = get_floats(in, "policy std");
  policy.observation_clip = in.get<float>("policy clip");
  policy.samples = in.get<std::int64_t>("policy samples");
  policy.layers.resize(in.get_count(sizeof(int), kMostLayers, "policy layers"));
  for (Policy::Layer& layer : policy.layers) {
    layer.in = in.get<int>("layer inputs");
    layer.out = in.get<int>("layer outputs");
    layer.weights = get_floats(in, "layer weights");
    layer.bias = get_floats(in, "layer bias");
  }
  return policy;
}

void put_evaluation(ByteWriter& out, const Evaluation& e) {
  out.put(e.samples);
  out.put(e.reward);
  out.put(e.life_s);
  out.put(e.survived);
  out.put(e.starts);
  put_floats(out, e.rewards);
  put_floats(out, e.lives_s);
}

Evaluation get_evaluation(ByteReader& in) {
  Evaluation e;
  e.samples = in.get<std::int64_t>("evaluation samples");
  e.reward = in.get<double>("evaluation reward");
  e.life_s = in.get<double>("evaluation life");
  e.survived = in.get<int>("evaluation survived");
  e.starts = in.get<int>("evaluation starts");
  e.rewards = get_floats(in, "evaluation rewards");
  e.lives_s = get_floats(in, "evaluation lives");
  return e;
}

// What decides whether two trainers can continue each other: settings, sizes, place among ranks.
std::string identity(const Settings& settings, const Environment& environment,
                     const Collective& collective) {
  return describe(settings) + "observation_size=" + std::to_string(environment.observation_size()) +
         "\naction_size=" + std::to_string(environment.action_size()) +
         "\nstate_bytes=" + std::to_string(environment.state_bytes()) +
         "\nrank=" + std::to_string(collective.rank()) +
         "\nranks=" + std::to_string(collective.size()) + "\n";
}

// "found, expected …" of the first line that differs.
std::string first_difference(const std::string& found, const std::string& expected) {
  std::istringstream a(found), b(expected);
  std::string line_a, line_b;
  while (std::getline(b, line_b)) {
    if (!std::getline(a, line_a)) line_a = "nothing";
    if (line_a != line_b) return line_a + ", expected " + line_b;
  }
  return "further settings, expected none";
}

}  // namespace

std::uint64_t Trainer::state_hash() const {
  Hash hash;
  visit_state(*state_, [&](std::span<std::byte> bytes) { hash.add(bytes.data(), bytes.size()); });
  return hash.value();
}

std::vector<std::byte> Trainer::save() const {
  State& s = *state_;
  ByteWriter out;
  out.put(kMagic);
  out.put(kVersion);
  out.put_text(identity(s.settings, s.environment, s.collective));
  out.put(s.counters.seconds);
  visit_state(s, [&](std::span<std::byte> bytes) { out.put_bytes(bytes.data(), bytes.size()); });
  put_policy(out, s.best);
  put_evaluation(out, s.evaluation);
  put_evaluation(out, s.best_evaluation);
  out.put(hash_bytes(out.bytes().data(), out.size()));
  return out.take();
}

Result<void> Trainer::restore(std::span<const std::byte> bytes, const char* source) {
  State& s = *state_;
  std::uint64_t hash = 0;
  const std::size_t body = bytes.size() < sizeof hash ? 0 : bytes.size() - sizeof hash;
  if (body > 0) std::memcpy(&hash, bytes.data() + body, sizeof hash);

  ByteReader in(bytes.first(body), source);
  const auto magic = in.get_bytes(sizeof kMagic, "the mark of a checkpoint");
  if (in.ok() && std::memcmp(magic.data(), kMagic, sizeof kMagic) != 0)
    in.fail(ErrorCode::bad_format, "this is not a training checkpoint of Canter's");
  const auto version = in.get<std::uint32_t>("version");
  if (in.ok() && version != kVersion)
    in.fail(ErrorCode::unsupported, "checkpoint version " + std::to_string(version) +
                                        ", expected " + std::to_string(kVersion));
  if (in.ok() && hash != hash_bytes(bytes.data(), body))
    in.fail(ErrorCode::bad_value, "the checkpoint is damaged: its hash does not match its bytes");
  const std::string found = in.get_text(kMostSettings, "settings");
  const std::string expected = identity(s.settings, s.environment, s.collective);
  if (in.ok() && found != expected)
    in.fail(ErrorCode::bad_value,
            "the checkpoint was made with " + first_difference(found, expected));
  if (!in.ok()) return in.error();

  s.counters.seconds = in.get<double>("seconds");
  visit_state(s, [&](std::span<std::byte> into) {
    const auto from = in.get_bytes(into.size(), "training state");
    if (from.size() == into.size() && !into.empty())
      std::memcpy(into.data(), from.data(), from.size());
  });
  s.best = get_policy(in);
  s.evaluation = get_evaluation(in);
  s.best_evaluation = get_evaluation(in);
  if (!in.ok()) return in.error();
  s.learner.refresh();
  s.normaliser.refresh();
  return {};
}

}  // namespace canter::trainer
