#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <thread>

#include "viewer/app.h"
#include "viewer/library.h"
#include "viewer/policy_file.h"
#include "viewer/timeline.h"

// Bodies: a clip performed by muscles, pushed, and learned while one watches.

namespace canter::viewer {
namespace {

/// One core for the picture, the others learn.
int learning_threads() {
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()) - 1);
}

}  // namespace

double App::phase_now() const {
  const Timeline& t = state_.timeline;
  return t.duration_s > 0.0 ? std::clamp(t.time_s / t.duration_s, 0.0, 1.0) : 0.0;
}

// The clip on stage with a body. `policy` null: the one that ships for it, if any.
Result<void> App::embody(const BodyPolicyPtr& policy) {
  const Performance& shown = stage_.performance();
  if (shown.motion == nullptr || shown.clip < 0)
    return Error{ErrorCode::bad_value, "there is no clip on stage to perform"};
  Result<BodySetupPtr> setup = make_body_setup(shown.motion, shown.clip);
  if (!setup) return setup.error();
  BodyPanel& body = state_.body;
  body.choices = {nullptr};
  const BodyPolicyPtr driving = policy != nullptr ? policy : shipped_policy(**setup);
  if (driving != nullptr) body.choices.push_back(driving);
  body.choice = static_cast<int>(body.choices.size()) - 1;
  if (Result<void> done = stage_.perform(*setup, driving, phase_now()); !done) return done;
  body.setup = *setup;
  body.history.clear();
  read_phases();
  state_.timeline.loop = true;
  // Two stand where one stood.
  step_stage(0.0);
  frame_character();
  return {};
}

void App::apply(const command::Simulate& c) {
  if (c.on) return complain(embody(nullptr));
  stage_.dismiss_body();
  forget_body();
  read_phases();
}

// The stage has no body any more: nothing of it is shown, and no hand holds it.
void App::forget_body() {
  state_.body.setup = nullptr;
  state_.body.view = {};
  state_.body.num_boxes = 0;
  state_.body.hold.reset();
}

void App::apply(const command::ResetBody&) {
  if (stage_.has_body()) stage_.world().restart(stage_.body_id(), phase_now());
}

void App::apply(const command::PushBody& c) {
  if (!stage_.has_body()) return;
  // Forward is where the character faces.
  const float facing = stage_.facing_rad();
  const Vec3 forward(std::sin(facing), 0.0f, std::cos(facing));
  const Vec3 left(forward.z, 0.0f, -forward.x);
  const Vec3 force = forward * c.forward_n + left * c.left_n;
  constexpr double kPush_s = 0.2;
  stage_.world().push(stage_.body_id(), {0, glm::dvec3(force), kPush_s});
}

void App::apply(const command::SetPush& c) {
  state_.body.push_n = c.n;
}

void App::apply(const command::SetThrow& c) {
  state_.body.throw_m_s = c.m_s;
}

void App::apply(const command::ThrowBox&) {
  const BodyView body = stage_.body();
  if (body.task == nullptr) return;
  const Vec3 eye = state_.camera.position() - stage_.body_shift();
  stage_.throw_box(toss_at(body, eye, state_.body.throw_m_s));
}

void App::apply(const command::SetPull& c) {
  state_.body.pulls = c.on;
}

void App::apply(const command::Pull& c) {
  state_.body.hold = stage_.has_body() ? c.hold : std::nullopt;
  stage_.show_pull(state_.body.hold);
  if (!stage_.has_body()) return;
  // Lasts until the hand has moved again; no force ends it.
  constexpr double kHeld_s = 0.05;
  const Hold hold = c.hold.value_or(Hold{0, 0.0f, {}, {}, {}});
  stage_.world().push(stage_.body_id(),
                      {hold.joint, glm::dvec3(hold.force_n), c.hold ? kHeld_s : 0.0});
}

void App::apply(const command::SetRagdoll& c) {
  if (stage_.has_body())
    stage_.world().set_body_mode(stage_.body_id(),
                                 c.limp ? BodyMode::ragdoll : BodyMode::simulated);
}

void App::apply(const command::StartTraining&) {
  if (!stage_.has_body())
    if (const Result<void> done = embody(nullptr); !done) return complain(done);
  training_.reset();
  Result<std::unique_ptr<Training>> started =
      Training::start(state_.body.setup, learning_threads());
  if (!started) return report_error("Cannot train", started.error().message);
  training_ = std::move(*started);
  state_.body.training = training_->progress();
  state_.body.kept.clear();
  state_.timeline.playing = true;
}

void App::apply(const command::PauseTraining& c) {
  if (training_ != nullptr) training_->pause(c.paused);
}

void App::apply(const command::StopTraining&) {
  if (training_ != nullptr) training_->stop();
}

void App::apply(const command::KeepPolicy&) {
  if (training_ == nullptr) return;
  const std::vector<std::byte> file = training_->best_file();
  if (file.empty())
    return report_error("Nothing to keep yet", "The first evaluation comes after a few seconds.");
  const std::string path = training_->setup()->name + ".policy.safetensors";
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(file.data()), static_cast<std::streamsize>(file.size()));
  out.close();
  if (!out) return report_error("Could not keep the policy", path + ": cannot write");
  state_.body.kept = path;
  // What was kept can be compared with what comes.
  const Result<mimic::Policy> kept = mimic::load_policy(file, path);
  if (!kept || state_.body.setup != training_->setup()) return;
  std::vector<BodyPolicyPtr>& choices = state_.body.choices;
  std::erase_if(choices, [&](const BodyPolicyPtr& p) { return p != nullptr && p->words == path; });
  choices.insert(choices.begin() + 1,
                 std::make_shared<const BodyPolicy>(BodyPolicy{kept->network(), path}));
  state_.body.choice = std::min(state_.body.choice + 1, static_cast<int>(choices.size()) - 1);
}

void App::apply(const command::ChoosePolicy& c) {
  BodyPanel& body = state_.body;
  if (!stage_.has_body() || c.choice < 0 || c.choice >= static_cast<int>(body.choices.size()))
    return;
  body.choice = c.choice;
  complain(stage_.set_policy(body.choices[static_cast<std::size_t>(c.choice)]));
}

// The time cursor stands where the reference beside the body is.
void App::follow_body() {
  BodyPanel& body = state_.body;
  if (!stage_.has_body()) return;
  body.view = stage_.body();
  body.num_boxes = stage_.num_boxes();
  if (body.view.task == nullptr) return;
  body.history.note(body.view);
  if (!state_.timeline.playing) return;
  const double phase = mimic::phase_at(body.view.task->motion(), body.view.episode->time_s);
  state_.timeline.time_s = std::min(phase, 1.0) * state_.timeline.duration_s;
}

void App::poll_training() {
  if (training_ == nullptr) return;
  BodyPanel& body = state_.body;
  body.training = training_->progress();
  const BodyPolicyPtr newest = training_->take_newest();
  if (newest == nullptr || body.setup != training_->setup()) return;
  // The newest is the last choice; whoever watches it goes on with the next one.
  const auto is_newest = [](const BodyPolicyPtr& p) {
    return p != nullptr && p->words.rfind("in training", 0) == 0;
  };
  const bool watched = body.choice + 1 == static_cast<int>(body.choices.size());
  std::erase_if(body.choices, is_newest);
  body.choices.push_back(newest);
  if (!watched) {
    body.choice = std::min(body.choice, static_cast<int>(body.choices.size()) - 2);
    return;
  }
  body.choice = static_cast<int>(body.choices.size()) - 1;
  complain(stage_.set_policy(newest));
}

// A network that turns out to be a policy is performed at once.
Result<void> App::perform_policy(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string chars((std::istreambuf_iterator<char>(in)), {});
  const auto bytes = std::as_bytes(std::span(chars));
  if (!mimic::summarise_policy(bytes, path)) return {};  // a network of another kind
  const Performance& shown = stage_.performance();
  const Result<mimic::Policy> policy =
      load_policy_file(bytes, path, {shown.motion, shown.clip, state_.documents, state_.browser});
  if (!policy) return policy.error();
  Result<DocumentPtr> document = document_of(*policy, path);
  if (!document) return document.error();
  state_.documents.push_back(*document);
  const int index = static_cast<int>(state_.documents.size()) - 1;
  find_or_add(state_.browser, path).document = index;
  if (Result<void> played = play(index, 0); !played) return played;
  state_.view.tab = Tab::body;
  return embody(std::make_shared<const BodyPolicy>(
      BodyPolicy{policy->network(), std::filesystem::path(path).filename().string()}));
}

}  // namespace canter::viewer
