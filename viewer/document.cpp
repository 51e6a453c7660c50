#include "viewer/document.h"

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "canter/anim/local_to_model.h"

namespace canter::viewer {
namespace {

/// The hips, or without a humanoid the first joint that branches: those above only carry it.
int find_travelling_joint(const Skeleton& skeleton, const JointMap& joints) {
  if (joints.hips >= 0) return joints.hips;
  const auto parents = skeleton.parents();
  int joint = 0;
  for (int j = 1; j < skeleton.num_joints(); ++j) {
    if (std::count(parents.begin(), parents.end(), joint) != 1) break;
    joint = j;
  }
  return joint;
}

/// A joint without a side of its own (a twist bone, a fingertip) is on its parent's.
std::vector<Side> find_sides(const Skeleton& skeleton, const JointMap& joints) {
  std::vector<Side> sides;
  for (int j = 0; j < skeleton.num_joints(); ++j) {
    const JointRole& role = joints.roles[static_cast<std::size_t>(j)];
    const int parent = skeleton.parent(j);
    const bool inherits = role.part == BodyPart::none && parent >= 0;
    sides.push_back(inherits ? sides[static_cast<std::size_t>(parent)] : role.side);
  }
  return sides;
}

/// Compresses within a tenth of a millimetre, or as near to it as the clip's reach allows (a scene
/// in centimetres taken for metres may be a hundred metres wide).
Result<Clip> compress_for_view(const RawClip& raw, const Skeleton& skeleton,
                               CompressionReport& report) {
  CompressionSettings settings;
  Result<Clip> compressed = compress(raw, skeleton, settings, &report);
  for (int attempt = 0; !compressed && attempt < 3; ++attempt) {
    settings.max_error_m *= 10.0f;
    compressed = compress(raw, skeleton, settings, &report);
  }
  return compressed;
}

/// Model-space matrices of one frame of a raw clip.
void pose_frame(const Skeleton& skeleton, const RawClip& clip, int frame, Pose& pose,
                std::span<Mat4> models) {
  const std::span<const Transform> keys = clip.frame(frame);
  for (int j = 0; j < skeleton.num_joints(); ++j) pose.set(j, keys[static_cast<std::size_t>(j)]);
  local_to_model(skeleton, Mat4(1.0f), pose, models);
}

/// Joint positions of every frame, model space: [frames, joints].
std::vector<Vec3> joint_paths(const Skeleton& skeleton, const RawClip& clip) {
  const auto joints = static_cast<std::size_t>(skeleton.num_joints());
  std::vector<Vec3> positions;
  positions.reserve(joints * static_cast<std::size_t>(clip.num_frames()));
  Pose pose(skeleton);
  std::vector<Mat4> models(joints);
  for (int f = 0; f < clip.num_frames(); ++f) {
    pose_frame(skeleton, clip, f, pose, models);
    for (const Mat4& m : models) positions.emplace_back(m[3]);
  }
  return positions;
}

/// Speed of a joint at every frame: of the way made since the frame before.
std::vector<float> speeds(std::span<const Vec3> positions, std::size_t num_joints,
                          std::size_t joint, float rate_hz, const Vec3& axes) {
  const std::size_t frames = num_joints == 0 ? 0 : positions.size() / num_joints;
  std::vector<float> speed(frames, 0.0f);
  for (std::size_t f = 1; f < frames; ++f)
    speed[f] = rate_hz * glm::length(axes * (positions[f * num_joints + joint] -
                                             positions[(f - 1) * num_joints + joint]));
  if (frames > 1) speed[0] = speed[1];
  return speed;
}

/// The largest difference between a joint's velocities from frame a to b and from c to d, given as
/// model-space matrices.
float velocity_change(std::span<const Mat4> a, std::span<const Mat4> b, std::span<const Mat4> c,
                      std::span<const Mat4> d, float rate_hz) {
  float largest = 0.0f;
  for (std::size_t j = 0; j < a.size(); ++j)
    largest = std::max(largest, glm::distance(Vec3(b[j][3] - a[j][3]), Vec3(d[j][3] - c[j][3])));
  return rate_hz * largest;
}

LoopSeam measure_seam(const Skeleton& skeleton, const RawClip& clip) {
  LoopSeam seam;
  const int frames = clip.num_frames();
  if (frames < 4 || skeleton.num_joints() == 0) return seam;
  Result<ExtractedRootMotion> extracted = extract_root_motion(skeleton, clip);
  const RawClip& in_place = extracted ? extracted->in_place : clip;
  Pose pose(skeleton);
  const auto models_at = [&](int frame) {
    std::vector<Mat4> models(static_cast<std::size_t>(skeleton.num_joints()));
    pose_frame(skeleton, in_place, frame, pose, models);
    return models;
  };
  const std::vector<Mat4> first = models_at(0), last = models_at(frames - 1);
  for (std::size_t j = 0; j < first.size(); ++j)
    seam.gap_m = std::max(seam.gap_m, glm::distance(Vec3(last[j][3]), Vec3(first[j][3])));
  seam.kick_m_s = velocity_change(models_at(frames - 2), last, first, models_at(1), clip.rate_hz);
  // Some fifty places tell what the clip does elsewhere.
  constexpr int kPlaces = 50;
  for (int i = 0; i < kPlaces; ++i) {
    const int f = 1 + i * (frames - 3) / kPlaces;
    const std::vector<Mat4> here = models_at(f);
    seam.usual_m_s = std::max(seam.usual_m_s, velocity_change(models_at(f - 1), here, here,
                                                              models_at(f + 1), clip.rate_hz));
  }
  seam.measured = true;
  return seam;
}

void measure_feet(ClipTracks& tracks, std::span<const Vec3> positions, std::size_t num_joints,
                  float rate_hz) {
  const Vec3 floor(1.0f, 0.0f, 1.0f);
  for (const FootContacts& foot : tracks.contacts.feet) {
    const auto ankle = static_cast<std::size_t>(foot.points.foot);
    const auto ball = static_cast<std::size_t>(foot.points.toe_joint >= 0 ? foot.points.toe_joint
                                                                          : foot.points.foot);
    tracks.foot_speed_m_s.push_back(speeds(positions, num_joints, ankle, rate_hz, Vec3(1.0f)));
    // A foot that rolls turns about the point that stands: each point counts while it is down.
    const std::vector<float> heel = speeds(positions, num_joints, ankle, rate_hz, floor);
    const std::vector<float> toe = speeds(positions, num_joints, ball, rate_hz, floor);
    std::vector<float> slide(heel.size(), 0.0f);
    for (std::size_t f = 0; f < slide.size(); ++f) {
      const float time_s = static_cast<float>(f) / rate_hz;
      if (in_contact(foot.heel, time_s)) slide[f] = heel[f];
      if (in_contact(foot.ball, time_s)) slide[f] = std::max(slide[f], toe[f]);
    }
    tracks.foot_slide_by_frame_m_s.push_back(std::move(slide));
  }
}

ClipTracks measure(const Skeleton& skeleton, const RawClip& clip, int travelling_joint,
                   const JointMap& joints) {
  ClipTracks tracks;
  if (Result<ContactTrack> contacts = detect_contacts(skeleton, clip, {}, &joints)) {
    tracks.contacts = std::move(contacts).value();
    tracks.foot_slide_m_s = foot_slide_mps(skeleton, clip, tracks.contacts);
  }
  if (skeleton.num_joints() == 0) return tracks;
  const auto num_joints = static_cast<std::size_t>(skeleton.num_joints());
  const std::vector<Vec3> positions = joint_paths(skeleton, clip);
  tracks.root_speed_m_s = speeds(positions, num_joints, static_cast<std::size_t>(travelling_joint),
                                 clip.rate_hz, Vec3(1.0f, 0.0f, 1.0f));
  measure_feet(tracks, positions, num_joints, clip.rate_hz);
  tracks.seam = measure_seam(skeleton, clip);
  return tracks;
}

RootMotion path_of(const Skeleton& skeleton, const RawClip& clip) {
  if (!clip.loop || clip.num_frames() < 2) return {};
  Result<ExtractedRootMotion> extracted = extract_root_motion(skeleton, clip);
  return extracted ? std::move(extracted->motion) : RootMotion();
}

float measure_height(const Skeleton& skeleton, const std::vector<RawClip>& clips) {
  const auto joints = static_cast<std::size_t>(skeleton.num_joints());
  Pose pose(skeleton);
  std::vector<Mat4> models(joints);
  if (!clips.empty() && clips[0].num_frames() > 0)
    pose_frame(skeleton, clips[0], 0, pose, models);
  else
    local_to_model(skeleton, Mat4(1.0f), pose, models);
  float low = 1e9f, high = -1e9f;
  const auto include = [&](const Vec3& p) {
    low = std::min(low, p.y);
    high = std::max(high, p.y);
  };
  for (const Mat4& m : models) include(Vec3(m[3]));
  for (const EndSite& end : skeleton.end_sites())
    include(Vec3(models[static_cast<std::size_t>(end.joint)] * Vec4(end.offset, 1.0f)));
  return glm::clamp(high - low, 0.01f, 1000.0f);
}

/// Each vertex counts for the bone that holds it most.
std::vector<BoneBox> measure_bones(const SkinnedMesh& mesh) {
  std::vector<BoneBox> boxes(mesh.bones.size());
  for (std::size_t i = 0; i < boxes.size(); ++i)
    boxes[i] = {static_cast<int>(i), Vec3(1e9f), Vec3(-1e9f)};
  for (const SkinnedMesh::Vertex& v : mesh.vertices) {
    int heaviest = 0;
    for (int i = 1; i < 4; ++i)
      if (v.weights[i] > v.weights[heaviest]) heaviest = i;
    const std::size_t bone = v.bones[static_cast<std::size_t>(heaviest)];
    const Vec3 p(mesh.bones[bone].inverse_bind * Vec4(v.position, 1.0f));
    boxes[bone].low = glm::min(boxes[bone].low, p);
    boxes[bone].high = glm::max(boxes[bone].high, p);
  }
  std::erase_if(boxes, [](const BoneBox& box) { return box.low.x > box.high.x; });
  return boxes;
}

}  // namespace

namespace {

Result<std::shared_ptr<Document>> build(importer::Scene scene, const std::string& path) {
  auto document = std::make_shared<Document>();
  document->path = path;
  document->title = std::filesystem::path(path).filename().string();
  document->format = scene.format;
  document->height_m = measure_height(scene.skeleton, scene.clips);
  document->joints = map_joints(scene.skeleton);
  document->sides = find_sides(scene.skeleton, document->joints);
  document->travelling_joint = find_travelling_joint(scene.skeleton, document->joints);
  for (const RawClip& raw : scene.clips) {
    DocumentClip clip;
    clip.name = raw.name.empty() ? std::filesystem::path(path).stem().string() : raw.name;
    Result<Clip> compressed = compress_for_view(raw, scene.skeleton, clip.compression);
    if (!compressed) {
      return Error{compressed.error().code,
                   path + ": clip " + clip.name + ": " + compressed.error().message};
    }
    clip.clip = std::move(compressed).value();
    clip.tracks = measure(scene.skeleton, raw, document->travelling_joint, document->joints);
    clip.path = path_of(scene.skeleton, raw);
    document->clips.push_back(std::move(clip));
    document->clips.back().raw = raw;
  }
  document->skeleton = std::move(scene.skeleton);
  document->mesh = std::move(scene.mesh);
  if (document->mesh.has_value()) {
    document->bone_boxes = measure_bones(*document->mesh);
    document->drawn = prepare(*document->mesh);
  }
  document->findings = std::move(scene.findings);
  document->unit_m = scene.unit_m;
  document->up_axis = scene.up_axis;
  return document;
}

/// What only a whole document knows.
void finish(Document& document, const std::string& path,
            std::chrono::steady_clock::time_point start) {
  std::error_code ignored;
  document.recipe_beside = std::filesystem::exists(importer::recipe_path(path), ignored);
  document.load_ms =
      std::chrono::duration<float, std::milli>(std::chrono::steady_clock::now() - start).count();
}

/// Reads, repairs and prepares.
Result<std::shared_ptr<Document>> read(const std::string& path, const importer::Recipe& recipe) {
  const auto start = std::chrono::steady_clock::now();
  Result<importer::Scene> scene = importer::load_with_recipe(path, recipe);
  if (!scene) return scene.error();
  Result<std::shared_ptr<Document>> document = build(std::move(scene).value(), path);
  if (!document) return document;
  (*document)->recipe = recipe;
  finish(**document, path, start);
  return document;
}

}  // namespace

Result<DocumentPtr> make_document(importer::Scene scene, const std::string& path) {
  Result<std::shared_ptr<Document>> document = build(std::move(scene), path);
  if (!document) return document.error();
  return DocumentPtr(std::move(document).value());
}

Result<DocumentPtr> load_document(const std::string& path, const importer::Recipe& recipe) {
  Result<std::shared_ptr<Document>> document = read(path, recipe);
  if (!document) return document.error();
  return DocumentPtr(std::move(document).value());
}

Result<Opened> open_document(const std::string& path) {
  Result<importer::Scene> scene = importer::load_file(path);
  if (!scene) return scene.error();
  auto rest = std::make_shared<const importer::Scene>(std::move(scene).value());
  // About a tenth of a second's work of compressing.
  constexpr std::size_t kKeysAtOnce = 15'000;
  std::size_t keys = 0;
  for (const RawClip& clip : rest->clips) keys += clip.keys.size();
  const std::size_t factor = keys / kKeysAtOnce;
  if (factor < 2) {
    Result<DocumentPtr> whole = complete_document({nullptr, rest}, path);
    if (!whole) return whole.error();
    return Opened{*whole, nullptr};
  }
  importer::Scene thin = *rest;
  for (RawClip& clip : thin.clips) clip = resample(clip, clip.rate_hz / static_cast<float>(factor));
  Result<std::shared_ptr<Document>> document = build(std::move(thin), path);
  if (!document) return document.error();
  (*document)->preliminary = true;
  return Opened{std::move(document).value(), rest};
}

Result<DocumentPtr> complete_document(const Opened& opened, const std::string& path) {
  const auto start = std::chrono::steady_clock::now();
  Result<std::shared_ptr<Document>> document = build(*opened.rest, path);
  if (!document) return document.error();
  finish(**document, path, start);
  return DocumentPtr(std::move(document).value());
}

Result<DocumentPtr> repair_document(const DocumentPtr& original, const importer::Recipe& recipe) {
  if (recipe == original->recipe) return original;
  Result<std::shared_ptr<Document>> repaired = read(original->path, recipe);
  if (!repaired) return repaired.error();
  (*repaired)->unrepaired = original;
  return DocumentPtr(std::move(repaired).value());
}

bool same_joints(const Document& body, const Document& motion) {
  // Equal names are not enough: a mesh bound in one pose falls apart on a skeleton whose rest pose
  // is another, however its joints are called.
  constexpr float kOffset = 0.01f;  // of the body's height
  constexpr float kTurn_rad = 0.02f;
  const auto same = [&](const SkinBone& bone) {
    const int j = bone.joint;
    const int k = motion.skeleton.find(body.skeleton.name(j));
    if (k < 0) return false;
    const int parent = body.skeleton.parent(j), other_parent = motion.skeleton.parent(k);
    if (parent < 0 || other_parent < 0) return true;
    if (body.skeleton.name(parent) != motion.skeleton.name(other_parent)) return false;
    const Transform& a = body.skeleton.rest_pose()[static_cast<std::size_t>(j)];
    const Transform& b = motion.skeleton.rest_pose()[static_cast<std::size_t>(k)];
    return glm::distance(a.translation, b.translation) <= kOffset * body.height_m &&
           glm::length(log_rotation(glm::conjugate(a.rotation) * b.rotation)) <= kTurn_rad;
  };
  return body.mesh.has_value() &&
         std::all_of(body.mesh->bones.begin(), body.mesh->bones.end(), same);
}

Result<RetargetedPtr> retarget_clip(const DocumentPtr& motion, int clip, const DocumentPtr& body) {
  const Clip& source = motion->clips[static_cast<std::size_t>(clip)].clip;
  RetargetSettings settings;
  settings.source_map = &motion->joints;
  settings.target_map = &body->joints;
  auto carried = std::make_shared<RetargetedClip>();
  Result<RawClip> raw = retarget(motion->skeleton, decompress(source, motion->skeleton),
                                 body->skeleton, settings, {}, &carried->report);
  if (!raw) return raw.error();
  CompressionReport ignored;
  Result<Clip> compressed = compress_for_view(*raw, body->skeleton, ignored);
  if (!compressed) return compressed.error();
  carried->motion = motion;
  carried->clip = clip;
  carried->body = body;
  carried->path = path_of(body->skeleton, *raw);
  carried->result = std::move(compressed).value();
  return RetargetedPtr(std::move(carried));
}

}  // namespace canter::viewer
