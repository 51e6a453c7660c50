#include "import_support.h"

#include <glm/gtc/quaternion.hpp>

namespace canter::test {

std::span<const std::byte> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

std::map<std::string, Vec3> joint_positions(const Skeleton& skeleton,
                                            std::span<const Transform> locals) {
  std::map<std::string, Vec3> positions;
  std::vector<glm::dmat4> models(static_cast<std::size_t>(skeleton.num_joints()));
  for (int j = 0; j < skeleton.num_joints(); ++j) {
    const Transform& t = locals[static_cast<std::size_t>(j)];
    glm::dmat4 m = glm::mat4_cast(glm::normalize(glm::dquat(t.rotation)));
    for (int a = 0; a < 3; ++a) m[a] *= static_cast<double>(t.scale[a]);
    m[3] = glm::dvec4(glm::dvec3(t.translation), 1.0);
    const int parent = skeleton.parent(j);
    models[static_cast<std::size_t>(j)] =
        parent < 0 ? m : models[static_cast<std::size_t>(parent)] * m;
    positions.emplace(skeleton.name(j), Vec3(models[static_cast<std::size_t>(j)][3]));
  }
  for (const EndSite& site : skeleton.end_sites())
    positions.emplace(std::string(skeleton.name(site.joint)) + "_end",
                      Vec3(models[static_cast<std::size_t>(site.joint)] *
                           glm::dvec4(glm::dvec3(site.offset), 1.0)));
  return positions;
}

const importer::Finding* find(const importer::Scene& scene, std::string_view code) {
  for (const auto& finding : scene.findings)
    if (finding.code == code) return &finding;
  return nullptr;
}

}  // namespace canter::test
