#include "skinned.h"

#include "canter/anim/local_to_model.h"
#include "canter/anim/skinning.h"

namespace canter::test {

std::vector<Mat4> joint_models(const importer::Scene& scene, int clip, float time_s) {
  Pose pose(scene.skeleton);
  if (clip >= 0) sample(scene.clips[static_cast<std::size_t>(clip)], time_s, pose);
  std::vector<Mat4> models(static_cast<std::size_t>(padded_joints(scene.skeleton.num_joints())));
  local_to_model(scene.skeleton, Mat4(1.0f), pose, models);
  models.resize(static_cast<std::size_t>(scene.skeleton.num_joints()));
  return models;
}

std::vector<Vec3> skinned_positions(const importer::Scene& scene, int clip, float time_s) {
  const std::vector<Mat4> models = joint_models(scene, clip, time_s);
  std::vector<Mat4> palette(scene.mesh->bones.size());
  skinning_matrices(scene.mesh->bones, models, palette);
  std::vector<Vec3> positions(scene.mesh->vertices.size());
  skin(*scene.mesh, palette, positions, {});
  return positions;
}

int find_clip(const importer::Scene& scene, const std::string& name) {
  for (std::size_t i = 0; i < scene.clips.size(); ++i) {
    const std::string& clip = scene.clips[i].name;
    if (clip.size() >= name.size() &&
        clip.compare(clip.size() - name.size(), name.size(), name) == 0)
      return static_cast<int>(i);
  }
  return -1;
}

}  // namespace canter::test
