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

ClipTracks measure(const Skeleton& skeleton, const RawClip& clip, int travelling_joint,
                   const JointMap& joints) {
  ClipTracks tracks;
  if (Result<ContactTrack> contacts = detect_contacts(skeleton, clip, {}, &joints)) {
    tracks.contacts = std::move(contacts).value();
    tracks.foot_slide_m_s = foot_slide_mps(skeleton, clip, tracks.contacts);
  }
  const int frames = clip.num_frames();
  tracks.root_speed_m_s.assign(static_cast<std::size_t>(frames), 0.0f);
  if (frames < 2 || skeleton.num_joints() == 0) return tracks;
  Pose pose(skeleton);
  std::vector<Mat4> models(static_cast<std::size_t>(skeleton.num_joints()));
  const auto root = static_cast<std::size_t>(travelling_joint);
  Vec2 previous(0.0f);
  for (int f = 0; f < frames; ++f) {
    pose_frame(skeleton, clip, f, pose, models);
    const Vec2 here(models[root][3].x, models[root][3].z);
    if (f > 0)
      tracks.root_speed_m_s[static_cast<std::size_t>(f)] =
          glm::length(here - previous) * clip.rate_hz;
    previous = here;
  }
  tracks.root_speed_m_s[0] = tracks.root_speed_m_s[1];
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

Result<DocumentPtr> load_document(const std::string& path) {
  const auto start = std::chrono::steady_clock::now();
  Result<importer::Scene> scene = importer::load_file(path);
  if (!scene) return scene.error();

  auto document = std::make_shared<Document>();
  document->path = path;
  document->title = std::filesystem::path(path).filename().string();
  document->format = scene->format;
  document->height_m = measure_height(scene->skeleton, scene->clips);
  document->joints = map_joints(scene->skeleton);
  document->sides = find_sides(scene->skeleton, document->joints);
  document->travelling_joint = find_travelling_joint(scene->skeleton, document->joints);
  for (const RawClip& raw : scene->clips) {
    DocumentClip clip;
    clip.name = raw.name.empty() ? std::filesystem::path(path).stem().string() : raw.name;
    Result<Clip> compressed = compress_for_view(raw, scene->skeleton, clip.compression);
    if (!compressed) {
      return Error{compressed.error().code,
                   path + ": clip " + clip.name + ": " + compressed.error().message};
    }
    clip.clip = std::move(compressed).value();
    clip.tracks = measure(scene->skeleton, raw, document->travelling_joint, document->joints);
    clip.path = path_of(scene->skeleton, raw);
    document->clips.push_back(std::move(clip));
  }
  document->skeleton = std::move(scene->skeleton);
  document->mesh = std::move(scene->mesh);
  if (document->mesh.has_value()) document->bone_boxes = measure_bones(*document->mesh);
  document->findings = std::move(scene->findings);
  document->unit_m = scene->unit_m;
  document->up_axis = scene->up_axis;
  document->load_ms =
      std::chrono::duration<float, std::milli>(std::chrono::steady_clock::now() - start).count();
  return DocumentPtr(std::move(document));
}

bool same_joints(const Document& body, const Document& motion) {
  return body.mesh.has_value() &&
         std::all_of(body.mesh->bones.begin(), body.mesh->bones.end(), [&](const SkinBone& bone) {
           return motion.skeleton.find(body.skeleton.name(bone.joint)) >= 0;
         });
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
