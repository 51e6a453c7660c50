// The clip runtime's rows of `canter bench`.

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <random>

#include "bench.h"
#include "bench_glm.h"
#include "canter/anim/blend.h"
#include "canter/anim/clip.h"
#include "canter/anim/local_to_model.h"
#include "canter/anim/skinning.h"
#include "canter/base/hash.h"
#include "canter/base/memory.h"
#include "canter/import/import.h"
#include "synthetic.h"

namespace canter::tools::bench {
namespace {

constexpr int kCrowd = 10000;
constexpr float kFrame_s = 1.0f / 60.0f;
constexpr const char* kPlainGlm = "plain GLM";

// What a character of the frame below keeps between frames.
struct CharacterState {
  float time_a_s = 0.0f;
  float time_b_s = 0.0f;
  float alpha = 0.0f;
};

// The plain version's clip and poses.
template <class J>
struct PlainStage {
  plain::Clip<J> clip;
  std::vector<J> a, b, mixed;

  explicit PlainStage(const RawClip& raw = {})
      : clip(plain::make_clip<J>(raw)),
        a(static_cast<std::size_t>(raw.num_joints)),
        b(a),
        mixed(a) {}
};

// A motion with everything the rows run on.
struct Stage {
  std::string name;
  Skeleton skeleton;
  RawClip raw;
  Clip clip;
  std::vector<int> parents;

  Pose a, b, mixed;  // scratch of one thread, not of one character
  PlainStage<plain::Joint> plain;
  PlainStage<plain::RigidJoint> rigid;
  Block models;
  Block plain_models;
  Block scratch_models;
  std::vector<float> shuffled_times;

  CharacterState state;
  float sample_time_s = 0.0f;

  std::span<Mat4> models_of(int character) {
    return models.at<Mat4>(static_cast<std::size_t>(character) * model_bytes(), joints());
  }
  std::size_t joints() const { return static_cast<std::size_t>(skeleton.num_joints()); }
  std::size_t model_bytes() const { return align_up(joints() * sizeof(Mat4)); }
};

// Times advance as in a game and start over at the end of the clip.
void advance(const Stage& stage, CharacterState& state) {
  const float duration_s = stage.clip.duration_s();
  state.time_a_s += kFrame_s;
  state.time_b_s += 1.1f * kFrame_s;
  state.alpha += 0.013f;
  if (state.time_a_s > duration_s) state.time_a_s -= duration_s;
  if (state.time_b_s > duration_s) state.time_b_s -= duration_s;
  if (state.alpha > 1.0f) state.alpha -= 1.0f;
}

void update_character(Stage& stage, CharacterState& state, std::span<Mat4> models) {
  advance(stage, state);
  sample_blend({stage.clip, state.time_a_s, stage.clip, state.time_b_s, state.alpha}, stage.a,
               stage.b, stage.mixed);
  local_to_model(stage.skeleton, Mat4(1.0f), stage.mixed, models);
}

// The same, one operation after the other.
void update_in_steps(Stage& stage, CharacterState& state, std::span<Mat4> models) {
  advance(stage, state);
  sample(stage.clip, state.time_a_s, stage.a);
  sample(stage.clip, state.time_b_s, stage.b);
  blend(stage.a, stage.b, state.alpha, stage.mixed);
  local_to_model(stage.skeleton, Mat4(1.0f), stage.mixed, models);
}

template <class J>
void update_plain(Stage& stage, PlainStage<J>& p, CharacterState& state, glm::mat4* models) {
  advance(stage, state);
  plain::sample(p.clip, state.time_a_s, p.a);
  plain::sample(p.clip, state.time_b_s, p.b);
  plain::blend(p.a, p.b, state.alpha, p.mixed);
  plain::local_to_model(stage.parents, p.mixed, models);
}

std::shared_ptr<Stage> make_stage(const std::string& name, Skeleton skeleton, RawClip raw,
                                  Suite& suite) {
  auto stage = std::make_shared<Stage>();
  stage->name = name;
  stage->skeleton = std::move(skeleton);
  stage->raw = std::move(raw);
  CompressionReport report;
  const auto start = std::chrono::steady_clock::now();
  Result<Clip> clip = compress(stage->raw, stage->skeleton, {}, &report);
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
  if (!clip) return nullptr;
  stage->clip = std::move(*clip);
  suite.sizes.push_back({"size." + name, stage->raw.num_joints, stage->raw.num_frames(),
                         report.bytes, report.raw_bytes, stage->clip.resident_bytes(),
                         static_cast<double>(report.error.max_error_m) * 1e3, took.count()});

  stage->plain = PlainStage<plain::Joint>(stage->raw);
  stage->rigid = PlainStage<plain::RigidJoint>(stage->raw);
  stage->parents.assign(stage->skeleton.parents().begin(), stage->skeleton.parents().end());
  for (Pose* pose : {&stage->a, &stage->b, &stage->mixed}) *pose = Pose(stage->skeleton);
  stage->models = Block(stage->model_bytes());
  stage->plain_models = Block(stage->model_bytes());
  stage->scratch_models = Block(stage->model_bytes());
  std::mt19937 random(5);
  for (int i = 0; i < 1024; ++i)
    stage->shuffled_times.push_back(static_cast<float>(random() >> 8) * 0x1p-24f *
                                    stage->clip.duration_s());
  return stage;
}

std::uint64_t hash_models(Stage& stage) {
  return hash_bytes(stage.models.data(), stage.joints() * sizeof(Mat4));
}
std::uint64_t hash_pose(const Pose& pose) {
  return hash_bytes(pose.view().rotations,
                    static_cast<std::size_t>(pose.num_joints()) * sizeof(Quat));
}

// --- rows

void sample_forward(Stage& stage, int calls) {
  for (int i = 0; i < calls; ++i) {
    sample(stage.clip, stage.sample_time_s, stage.a);
    stage.sample_time_s += kFrame_s;
    if (stage.sample_time_s > stage.clip.duration_s()) stage.sample_time_s = 0.0f;
    keep(&stage.a);
  }
}

Case sample_forward_case(const std::shared_ptr<Stage>& s) {
  Case c;
  c.name = "sample.forward." + s->name;
  c.reference = kPlainGlm;
  c.reset = [s] { s->sample_time_s = 0.0f; };
  c.run = [s](int calls) { sample_forward(*s, calls); };
  c.run_reference = [s](int calls) {
    for (int i = 0; i < calls; ++i) {
      plain::sample(s->plain.clip, s->sample_time_s, s->plain.a);
      s->sample_time_s += kFrame_s;
      if (s->sample_time_s > s->clip.duration_s()) s->sample_time_s = 0.0f;
      keep(s->plain.a.data());
    }
  };
  c.hash = [s] { return hash_pose(s->a); };
  return c;
}

Case sample_random_case(const std::shared_ptr<Stage>& s) {
  Case c;
  c.name = "sample.random." + s->name;
  c.reference = "sample.forward";
  c.reset = [s] { s->sample_time_s = 0.0f; };
  c.run = [s](int calls) {
    for (int i = 0; i < calls; ++i) {
      sample(s->clip, s->shuffled_times[static_cast<std::size_t>(i * 17 % 1024)], s->a);
      keep(&s->a);
    }
  };
  c.run_reference = [s](int calls) { sample_forward(*s, calls); };
  c.hash = [s] { return hash_pose(s->a); };
  return c;
}

// Everything pushed out of the caches before every call.
Case sample_cold_case(const std::shared_ptr<Stage>& s) {
  const auto flood = std::make_shared<std::vector<std::uint64_t>>();
  Case c;
  c.name = "sample.cold." + s->name;
  c.reference = std::string(kPlainGlm) + ", cold";
  c.calls = 1;
  c.batches = 31;
  c.reset = [s, flood] {
    flood->resize(std::size_t{96} << 17);  // 96 MB, more than any cache here
    for (std::size_t i = 0; i < flood->size(); i += 8) ++(*flood)[i];
    s->sample_time_s = 0.37f * s->clip.duration_s();
  };
  c.run = [s](int) {
    sample(s->clip, s->sample_time_s, s->a);
    keep(&s->a);
  };
  c.run_reference = [s](int) {
    plain::sample(s->plain.clip, s->sample_time_s, s->plain.a);
    keep(s->plain.a.data());
  };
  c.hash = [s] { return hash_pose(s->a); };
  return c;
}

void fill_two_poses(Stage& stage) {
  sample(stage.clip, 0.2f * stage.clip.duration_s(), stage.a);
  sample(stage.clip, 0.7f * stage.clip.duration_s(), stage.b);
  plain::sample(stage.plain.clip, 0.2f * stage.clip.duration_s(), stage.plain.a);
  plain::sample(stage.plain.clip, 0.7f * stage.clip.duration_s(), stage.plain.b);
}

Case blend_case(const std::shared_ptr<Stage>& s) {
  Case c;
  c.name = "blend.two." + s->name;
  c.reference = kPlainGlm;
  c.reset = [s] { fill_two_poses(*s); };
  c.run = [s](int calls) {
    for (int i = 0; i < calls; ++i) {
      blend(s->a, s->b, 0.01f * static_cast<float>(i), s->mixed);
      keep(&s->mixed);
    }
  };
  c.run_reference = [s](int calls) {
    for (int i = 0; i < calls; ++i) {
      plain::blend(s->plain.a, s->plain.b, 0.01f * static_cast<float>(i), s->plain.mixed);
      keep(s->plain.mixed.data());
    }
  };
  c.hash = [s] { return hash_pose(s->mixed); };
  return c;
}

Case blend_layers_case(const std::shared_ptr<Stage>& s) {
  const auto mask = std::make_shared<std::vector<float>>(s->joints(), 0.25f);
  Case c;
  c.name = "blend.four_masked." + s->name;
  c.reset = [s] { fill_two_poses(*s); };
  c.run = [s, mask](int calls) {
    for (int i = 0; i < calls; ++i) {
      const BlendLayer layers[] = {
          {s->a, 1.0f, {}}, {s->b, 0.5f, *mask}, {s->a, 0.3f, *mask}, {s->b, 0.2f, {}}};
      blend(layers, s->a, s->mixed);
      keep(&s->mixed);
    }
  };
  c.hash = [s] { return hash_pose(s->mixed); };
  return c;
}

Case add_layer_case(const std::shared_ptr<Stage>& s) {
  Case c;
  c.name = "blend.additive." + s->name;
  c.reset = [s] {
    fill_two_poses(*s);
    s->mixed = s->a;
    make_additive(s->b, s->a, s->b);
  };
  c.run = [s](int calls) {
    for (int i = 0; i < calls; ++i) {
      add_layer(s->b, i % 2 == 0 ? 0.4f : -0.4f, {}, s->mixed);
      keep(&s->mixed);
    }
  };
  c.hash = [s] { return hash_pose(s->mixed); };
  return c;
}

Case local_to_model_case(const std::shared_ptr<Stage>& s) {
  Case c;
  c.name = "local_to_model." + s->name;
  c.reference = kPlainGlm;
  c.reset = [s] { fill_two_poses(*s); };
  c.run = [s](int calls) {
    for (int i = 0; i < calls; ++i) {
      local_to_model(s->skeleton, Mat4(1.0f), s->a, s->models_of(0));
      keep(s->models.data());
    }
  };
  c.run_reference = [s](int calls) {
    auto* models = reinterpret_cast<glm::mat4*>(s->plain_models.data());
    for (int i = 0; i < calls; ++i) {
      plain::local_to_model(s->parents, s->plain.a, models);
      keep(models);
    }
  };
  c.hash = [s] { return hash_models(*s); };
  return c;
}

Case skinning_case(const std::shared_ptr<Stage>& s) {
  struct Palette {
    std::vector<SkinBone> bones;
    std::vector<Mat4> matrices;
  };
  const auto palette = std::make_shared<Palette>();
  for (int j = 0; j < s->skeleton.num_joints(); ++j) palette->bones.push_back({j, Mat4(0.5f)});
  palette->matrices.resize(palette->bones.size());
  Case c;
  c.name = "skinning_matrices." + s->name;
  c.reference = kPlainGlm;
  c.reset = [s] {
    fill_two_poses(*s);
    local_to_model(s->skeleton, Mat4(1.0f), s->a, s->models_of(0));
  };
  c.run = [s, palette](int calls) {
    for (int i = 0; i < calls; ++i) {
      skinning_matrices(palette->bones, s->models_of(0), palette->matrices);
      keep(palette->matrices.data());
    }
  };
  c.run_reference = [s, palette](int calls) {
    for (int i = 0; i < calls; ++i) {
      for (std::size_t k = 0; k < palette->bones.size(); ++k)
        palette->matrices[k] = s->models_of(0)[static_cast<std::size_t>(palette->bones[k].joint)] *
                               palette->bones[k].inverse_bind;
      keep(palette->matrices.data());
    }
  };
  c.hash = [palette] {
    return hash_bytes(palette->matrices.data(), palette->matrices.size() * sizeof(Mat4));
  };
  return c;
}

// The headline: two samples of compressed clips, a blend, and model matrices.
template <class J>
Case frame_case(const std::shared_ptr<Stage>& s, PlainStage<J> Stage::*plain_stage,
                const char* name, const char* reference) {
  Case c;
  c.name = name + s->name;
  c.reference = reference;
  c.reset = [s] { s->state = {}; };
  c.run = [s](int calls) {
    for (int i = 0; i < calls; ++i) {
      update_character(*s, s->state, s->models_of(0));
      keep(s->models.data());
    }
  };
  c.run_reference = [s, plain_stage](int calls) {
    auto* models = reinterpret_cast<glm::mat4*>(s->plain_models.data());
    for (int i = 0; i < calls; ++i) {
      update_plain(*s, (*s).*plain_stage, s->state, models);
      keep(models);
    }
  };
  c.hash = [s] { return hash_models(*s); };
  return c;
}

Case frame_in_steps_case(const std::shared_ptr<Stage>& s) {
  Case c;
  c.name = "frame.in_steps." + s->name;
  c.reference = "frame with sample_blend";
  c.reset = [s] { s->state = {}; };
  c.run = [s](int calls) {
    for (int i = 0; i < calls; ++i) {
      update_in_steps(*s, s->state, s->models_of(0));
      keep(s->models.data());
    }
  };
  c.run_reference = [s](int calls) {
    for (int i = 0; i < calls; ++i) {
      update_character(*s, s->state, s->models_of(0));
      keep(s->models.data());
    }
  };
  c.hash = [s] { return hash_models(*s); };
  return c;
}

struct Crowd {
  std::vector<CharacterState> states;
  int next = 0;
};

void start_crowd(Stage& stage, Crowd& crowd) {
  if (!crowd.states.empty()) return;
  stage.models = Block(stage.model_bytes() * kCrowd);
  crowd.states.resize(kCrowd);
  for (int i = 0; i < kCrowd; ++i) {
    const auto k = static_cast<std::size_t>(i);
    const std::vector<float>& times = stage.shuffled_times;
    crowd.states[k] = {times[k % 1024], times[(k + 511) % 1024],
                       0.001f * static_cast<float>(i % 1000)};
  }
}

// The same for a crowd, per character, beside one character updated as often. A batch is a slice of
// the crowd and the next batch goes on behind it, so every character is met cold; batches stay
// short because whatever interrupts a long one counts.
Case crowd_case(const std::shared_ptr<Stage>& s) {
  const auto crowd = std::make_shared<Crowd>();
  Case c;
  c.name = "frame.10000_characters." + s->name;
  c.reference = "frame of one character";
  c.batches = 3 * kCrowd / c.calls;
  c.reset = [s, crowd] {
    start_crowd(*s, *crowd);
    s->state = {};
  };
  c.run = [s, crowd](int calls) {
    for (int i = 0; i < calls; ++i) {
      const int character = crowd->next;
      crowd->next = (character + 1) % kCrowd;
      const std::span<Mat4> scratch = s->scratch_models.at<Mat4>(0, s->joints());
      update_character(*s, crowd->states[static_cast<std::size_t>(character)], scratch);
      stream_models(scratch, s->models_of(character));
    }
    finish_streaming();
    keep(s->models.data());
  };
  c.run_reference = [s](int calls) {
    for (int i = 0; i < calls; ++i) {
      update_character(*s, s->state, s->models_of(0));
      keep(s->models.data());
    }
  };
  c.hash = [s] { return hash_bytes(s->models.data(), s->model_bytes() * 16); };
  return c;
}

void add_rows(Suite& suite, const std::shared_ptr<Stage>& stage) {
  if (stage == nullptr) return;
  suite.cases.push_back(frame_case(stage, &Stage::plain, "frame.", kPlainGlm));
  suite.cases.push_back(
      frame_case(stage, &Stage::rigid, "frame.beside_rigid.", "plain GLM without scale"));
  suite.cases.push_back(frame_in_steps_case(stage));
  suite.cases.push_back(crowd_case(stage));
  suite.cases.push_back(sample_forward_case(stage));
  suite.cases.push_back(sample_random_case(stage));
  suite.cases.push_back(sample_cold_case(stage));
  suite.cases.push_back(blend_case(stage));
  suite.cases.push_back(blend_layers_case(stage));
  suite.cases.push_back(add_layer_case(stage));
  suite.cases.push_back(local_to_model_case(stage));
  suite.cases.push_back(skinning_case(stage));
}

std::shared_ptr<Stage> stage_of_file(const std::string& name, const std::filesystem::path& path,
                                     Suite& suite) {
  if (!std::filesystem::exists(path)) return nullptr;
  Result<importer::Scene> scene = importer::load_file(path.string());
  if (!scene || scene->clips.empty()) return nullptr;
  return make_stage(name, scene->skeleton, scene->clips[0], suite);
}

}  // namespace

void add_anim(Suite& suite, const std::string& data_dir) {
  const std::filesystem::path data(data_dir);
  add_rows(suite, stage_of_file("pab_walk", data / "characters/pab_walk.fbx", suite));
  add_rows(suite, stage_of_file("cmu_climb", data / "motions/bvh/cmu_mb_01_01_climb.bvh", suite));
  Skeleton skeleton = test::synthetic_skeleton(67);
  RawClip raw = test::synthetic_clip(skeleton, 121, 30.0f);
  add_rows(suite, make_stage("synthetic67", std::move(skeleton), std::move(raw), suite));
}

}  // namespace canter::tools::bench
