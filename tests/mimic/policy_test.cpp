#include <doctest/doctest.h>

#include <cmath>
#include <cstring>

#include "canter/mimic/clean.h"
#include "canter/mimic/episode.h"
#include "canter/mimic/policy.h"
#include "canter/nn/model_file.h"
#include "canter/nn/passport.h"
#include "heap_probe.h"
#include "made_up_clip.h"

using namespace canter;
using namespace canter::mimic;

namespace {

Task make(const TaskOptions& options = {}) {
  return make_task(physics::humanoid_body(), test::humanoid_skeleton(),
                   test::made_up_clip(test::humanoid_skeleton(), 1.0f), options)
      .value();
}

// A small made-up actor whose weights follow a rule.
struct Actor {
  explicit Actor(const Task& task, int hidden = 8) {
    const int seen = task.observation_size(), said = task.action_size();
    mean.assign(static_cast<std::size_t>(seen), 0.25f);
    std.assign(static_cast<std::size_t>(seen), 2.0f);
    add(seen, hidden);
    add(hidden, said);
  }
  void add(int inputs, int outputs) {
    sizes.push_back({inputs, outputs});
    auto& w = weights.emplace_back();
    for (int i = 0; i < inputs * outputs; ++i)
      w.push_back(0.01f * std::sin(0.7f * static_cast<float>(i)));
    auto& b = biases.emplace_back();
    for (int o = 0; o < outputs; ++o) b.push_back(0.02f * std::cos(static_cast<float>(o)));
  }
  ActorWeights view() const {
    ActorWeights out;
    out.mean = mean;
    out.std = std;
    for (std::size_t i = 0; i < sizes.size(); ++i)
      out.layers.push_back({sizes[i].first, sizes[i].second, weights[i], biases[i]});
    return out;
  }
  // The plain loops, in double.
  std::vector<float> act(std::span<const float> observation) const {
    std::vector<double> x;
    for (std::size_t k = 0; k < observation.size(); ++k)
      x.push_back(std::clamp((observation[k] - mean[k]) / std[k], -5.0f, 5.0f));
    for (std::size_t l = 0; l < sizes.size(); ++l) {
      std::vector<double> y(biases[l].begin(), biases[l].end());
      for (std::size_t i = 0; i < x.size(); ++i)
        for (std::size_t o = 0; o < y.size(); ++o) y[o] += x[i] * weights[l][i * y.size() + o];
      if (l + 1 < sizes.size())
        for (double& v : y) v = std::max(v, 0.0);
      x = y;
    }
    return {x.begin(), x.end()};
  }

  std::vector<float> mean, std;
  std::vector<std::pair<int, int>> sizes;
  std::vector<std::vector<float>> weights, biases;
};

std::vector<std::byte> written(const Task& task, nn::Precision precision = nn::Precision::f32) {
  const Actor actor(task);
  return write_policy(task, actor.view(), R"({"seed":7,"samples":1000})", {.precision = precision})
      .value();
}

std::string refusal(std::span<const std::byte> bytes) {
  const Result<Policy> policy = load_policy(bytes, "p.safetensors");
  return policy.ok() ? std::string() : policy.error().message;
}

// A policy file with its parts changed by hand.
template <class Change>
std::vector<std::byte> changed(const std::vector<std::byte>& bytes, Change&& change) {
  nn::ModelFile file = nn::read_model_file(bytes, "p").value();
  change(file);
  return nn::write_model_file(file);
}

void replace(std::string& text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("a policy comes back from its file as it went in") {
  TaskOptions options;
  options.fall = FallSet::all_but_feet_and_hands;
  options.reward = RewardKind::code;
  options.interface.residual_by_torque = true;
  options.hold_s = 0.7;
  options.physics = physics::quality_options();
  const Task task = make(options);
  const Policy policy = load_policy(written(task), "p").value();
  CHECK(policy.clip_name() == "made_up");
  CHECK(policy.training() == R"({"seed":7,"samples":1000})");
  const TaskOptions& back = policy.task().options();
  CHECK(back.fall == options.fall);
  CHECK(back.reward == options.reward);
  CHECK(back.interface == options.interface);
  CHECK(back.hold_s == options.hold_s);
  CHECK(back.physics.rate_hz == 240.0);
  CHECK(back.physics.contact_time_s == 0.01);
  CHECK(physics::body_hash(policy.task().model().body()) ==
        physics::body_hash(physics::humanoid_body()));
  CHECK(policy.task().motion().loop());
  CHECK(policy.task().motion().duration_s() == doctest::Approx(1.0));
  // The reference is the same motion.
  std::vector<double> a(43), b(43), va(34), vb(34);
  for (const double t : {0.1, 0.55, 1.3}) {
    sample(task.motion(), task.model(), t, a, va);
    sample(policy.task().motion(), policy.task().model(), t, b, vb);
    for (std::size_t k = 0; k < 43; ++k)
      CHECK(a[k] == doctest::Approx(b[k]).scale(1.0).epsilon(1e-6));
    for (std::size_t k = 0; k < 34; ++k)
      CHECK(va[k] == doctest::Approx(vb[k]).scale(1.0).epsilon(1e-4));
  }
}

TEST_CASE("its network says what the weights say, in any batch") {
  const Task task = make();
  const Actor actor(task);
  const Policy policy = load_policy(written(task), "p").value();
  mimic::Scratch scratch(task);
  Episode episode(task);
  const EpisodeView view = episode_over(task, episode.bytes());
  const auto seen = static_cast<std::size_t>(task.observation_size());
  std::vector<float> observations(3 * seen), actions(3 * 28), one(28);
  for (std::size_t i = 0; i < 3; ++i) {
    reset(task, 0.3 * static_cast<double>(i), view, scratch);
    observe(task, view, scratch, std::span(observations).subspan(i * seen, seen));
  }
  PolicyWorkspace batch = PolicyWorkspace::make(policy, 4).value();
  PolicyWorkspace single = PolicyWorkspace::make(policy).value();
  infer(batch, observations, actions, 3);
  test::HeapProbe probe;
  infer(batch, observations, actions, 3);
  CHECK(probe.count() == 0);
  for (std::size_t i = 0; i < 3; ++i) {
    const std::span own = std::span(observations).subspan(i * seen, seen);
    infer(single, own, one, 1);
    const std::vector<float> wanted = actor.act(own);
    for (std::size_t k = 0; k < 28; ++k) {
      CHECK(actions[i * 28 + k] == doctest::Approx(wanted[k]).scale(1.0).epsilon(1e-5));
      CHECK(one[k] == doctest::Approx(wanted[k]).scale(1.0).epsilon(1e-5));
    }
  }
}

TEST_CASE("a policy file is a model file whose passport is green") {
  const nn::ModelFile file = nn::read_model_file(written(make()), "p").value();
  CHECK(nn::verify(file).value().verdict == nn::Verdict::green);
}

TEST_CASE("files that are no policy of ours are refused by name") {
  const Task task = make();
  const std::vector<std::byte> good = written(task);
  CHECK(refusal(good).empty());
  const auto names = [&](const char* word, std::span<const std::byte> bytes) {
    CHECK_MESSAGE(refusal(bytes).find(word) != std::string::npos, word << ": " << refusal(bytes));
  };
  names("p.safetensors", std::span(good).first(100));
  names("not a policy", changed(good, [](nn::ModelFile& f) { f.provenance.erase("mimic"); }));
  names("NaN",
        changed(good, [](nn::ModelFile& f) { f.tensors.at("actor.1.bias").as<float>()[3] = NAN; }));
  names("has to be given",
        changed(good, [](nn::ModelFile& f) { f.tensors.erase("mimic.reference"); }));
  names("not a JSON object",
        changed(good, [](nn::ModelFile& f) { f.provenance["mimic"] = "{\"version\":"; }));
  names("version 9", changed(good, [](nn::ModelFile& f) {
          replace(f.provenance["mimic"], "\"version\":1", "\"version\":9");
        }));
  names("expected one of", changed(good, [](nn::ModelFile& f) {
          replace(f.provenance["mimic"], "\"residual\"", "\"torque\"");
        }));
  names("lacks \"mass_kg\"", changed(good, [](nn::ModelFile& f) {
          replace(f.provenance["mimic"], "\"mass_kg\"", "\"mass\"");
        }));
  names("too short", changed(good, [](nn::ModelFile& f) {
          nn::Tensor& reference = f.tensors.at("mimic.reference");
          const std::vector<float> row(reference.as<float>().begin(),
                                       reference.as<float>().begin() + 43);
          reference = nn::Tensor::of<float>({1, 43}, row);
        }));
  // A network for another interface: sizes found and expected.
  TaskOptions other;
  other.interface = interface_from("deepmimic").value();
  const std::vector<std::byte> original = written(make(other));
  names("361 numbers", changed(good, [&](nn::ModelFile& f) {
          const nn::ModelFile o = nn::read_model_file(original, "p").value();
          nn::Tensor reference = f.tensors.at("mimic.reference");
          f.architecture = o.architecture;
          f.tensors = o.tensors;
          f.tensors.at("mimic.reference") = reference;
        }));
}

TEST_CASE("weights that do not fit the task are not written") {
  const Task task = make();
  const auto message = [&](const Actor& actor) {
    const auto bytes = write_policy(task, actor.view(), "");
    return bytes.ok() ? std::string() : bytes.error().message;
  };
  CHECK(message(Actor(task)).empty());
  Actor narrow(task);
  narrow.mean.pop_back();
  CHECK(message(narrow).find("normaliser") != std::string::npos);
  Actor broken(task);
  broken.weights[1][5] = INFINITY;
  CHECK(message(broken).find("layer 1 holds NaN") != std::string::npos);
  Actor gap(task);
  gap.sizes[1].first = 9;
  CHECK(message(gap).find("layer 1 takes 9") != std::string::npos);
  CHECK_FALSE(write_policy(task, Actor(task).view(), "[1]").ok());
}

TEST_CASE("a policy without its clip takes the one it was trained on and no other") {
  const Skeleton& skeleton = test::humanoid_skeleton();
  RawClip clip = test::made_up_clip(skeleton, 1.0f);
  for (int f = 0; f < clip.num_frames(); ++f) clip.frame(f)[0].translation.y -= 0.05f;
  const auto file_of = [&](const Skeleton& s, const RawClip& c) {
    const Task task = make_task(physics::humanoid_body(), s, c).value();
    return write_policy(task, Actor(task).view(), "", {.reference = ReferenceIn::caller}).value();
  };
  const std::vector<std::byte> bytes = file_of(skeleton, clip);
  CHECK(refusal(bytes).find("has to be given") != std::string::npos);
  CHECK_FALSE(nn::read_model_file(bytes, "p").value().tensors.contains("mimic.reference"));
  const PolicySummary summary = summarise_policy(bytes, "p").value();
  CHECK(summary.clip_name == "made_up");
  CHECK_FALSE(summary.has_reference);
  CHECK(summarise_policy(written(make()), "p").value().has_reference);
  const Policy policy = load_policy(bytes, "p", {skeleton, clip}).value();
  CHECK(policy.task().motion().duration_s() == doctest::Approx(1.0));
  CHECK(policy.clip_name() == "made_up");
  // Trained on the cleaned clip: the raw one is cleaned, the cleaned one taken as it is.
  const physics::Model model = physics::make_model(physics::humanoid_body()).value();
  const CleanedClip cleaned = clean_clip(model, skeleton, clip).value();
  const std::vector<std::byte> on_cleaned = file_of(cleaned.skeleton, cleaned.clip);
  for (const RawClip* brought : std::initializer_list<const RawClip*>{&clip, &cleaned.clip}) {
    const Policy p = load_policy(on_cleaned, "p", {skeleton, *brought}).value();
    CHECK(p.clip().frame(7)[0].translation.y ==
          doctest::Approx(cleaned.clip.frame(7)[0].translation.y).epsilon(1e-4));
  }
  const Result<Policy> other = load_policy(bytes, "p", {skeleton, test::standing_clip()});
  REQUIRE_FALSE(other.ok());
  CHECK(other.error().message.find("trained on another clip") != std::string::npos);
}

TEST_CASE("a policy written anew is the same policy, narrower and without its clip") {
  const Task task = make();
  const std::vector<std::byte> wide = written(task);
  const auto anew = [](std::span<const std::byte> bytes, const PolicyFileOptions& options) {
    return convert_policy(bytes, "p", options).value();
  };
  const auto weights_of = [](std::span<const std::byte> bytes) {
    const nn::ModelFile read = nn::read_model_file(bytes, "p").value();
    const auto weights = read.tensors.at("actor.0.weight").as<float>();
    return std::vector<float>(weights.begin(), weights.end());
  };
  CHECK(weights_of(anew(wide, {})) == weights_of(wide));
  const std::vector<std::byte> narrow = anew(wide, {nn::Precision::f16, ReferenceIn::caller});
  CHECK(narrow.size() + 61 * 43 * sizeof(float) < wide.size());
  const nn::ModelFile file = nn::read_model_file(narrow, "p").value();
  CHECK(file.tensors.at("actor.0.weight").dtype() == nn::DType::f16);
  CHECK(nn::verify(file).value().verdict == nn::Verdict::green);
  CHECK_FALSE(summarise_policy(narrow, "p").value().has_reference);

  // With the clip brought again: its task and training record, and actions off by f16's rounding.
  const Policy whole = load_policy(wide, "p").value();
  const BroughtClip clip{test::humanoid_skeleton(), whole.clip()};
  const Policy policy = load_policy(narrow, "p", clip).value();
  CHECK(policy.training() == R"({"seed":7,"samples":1000})");
  CHECK(policy.clip_name() == "made_up");
  const Actor actor(task);
  PolicyWorkspace workspace = PolicyWorkspace::make(policy).value();
  const std::vector<float> seen(static_cast<std::size_t>(task.observation_size()), 1.0f);
  std::vector<float> said(28);
  infer(workspace, seen, said, 1);
  const std::vector<float> wanted = actor.act(seen);
  for (std::size_t k = 0; k < said.size(); ++k)
    CHECK(said[k] == doctest::Approx(wanted[k]).scale(1.0).epsilon(2e-4));
  // And back: with the clip in the file, weights in f32.
  const std::vector<std::byte> back = convert_policy(narrow, "p", clip, {}).value();
  CHECK(summarise_policy(back, "p").value().has_reference);
  CHECK(nn::read_model_file(back, "p").value().tensors.at("actor.0.weight").dtype() ==
        nn::DType::f32);

  CHECK(convert_policy(narrow, "p", {}).error().message.find("has to be given") !=
        std::string::npos);
  const std::vector<std::byte> i8 = anew(wide, {.precision = nn::Precision::i8});
  CHECK(convert_policy(i8, "p", {}).error().code == ErrorCode::unsupported);
}

TEST_CASE("a policy goes to other physics but not to another interface") {
  const Policy policy = load_policy(written(make()), "p").value();
  TaskOptions options = policy.task().options();
  options.physics = physics::quality_options();
  CHECK(with_options(policy, options).value().task().steps_per_action() == 8);
  options.interface = interface_from("deepmimic").value();
  CHECK_FALSE(with_options(policy, options).ok());
}
