#include "canter/base/transform.h"

#include <doctest/doctest.h>

#include <cmath>
#include <random>

using namespace canter;

namespace {

// Fixed seed: the same transforms in every run.
class Random {
 public:
  float uniform(float low, float high) {
    return std::uniform_real_distribution<float>(low, high)(engine_);
  }
  Vec3 vec3(float range) {
    return {uniform(-range, range), uniform(-range, range), uniform(-range, range)};
  }
  Quat rotation() { return exp_rotation(vec3(1.7f)); }

 private:
  std::mt19937 engine_{7};
};

float distance(const Mat4& a, const Mat4& b) {
  float worst = 0.0f;
  for (int c = 0; c < 4; ++c)
    for (int r = 0; r < 4; ++r) worst = std::max(worst, std::abs(a[c][r] - b[c][r]));
  return worst;
}

}  // namespace

TEST_CASE("quaternions are stored x, y, z, w") {
  const Quat q(4, 1, 2, 3);  // constructed w first
  const float* memory = &q.x;
  CHECK(memory[0] == 1);
  CHECK(memory[3] == 4);
}

TEST_CASE("matrix and transform agree") {
  Random random;
  for (int i = 0; i < 200; ++i) {
    const Transform t{random.rotation(), random.vec3(5), Vec3(1.5f, 0.5f, 2) + random.vec3(0.3f)};
    const Vec3 p = random.vec3(3);
    CHECK(glm::distance(transform_point(t, p), Vec3(to_matrix(t) * Vec4(p, 1))) < 1e-5f);
    CHECK(distance(to_matrix(to_transform(to_matrix(t))), to_matrix(t)) < 1e-5f);
  }
}

TEST_CASE("a mirrored basis decomposes and comes back") {
  const Transform t{exp_rotation({0.3f, -1, 0.2f}), {1, 2, 3}, {-1, 1, 1}};
  CHECK(distance(to_matrix(to_transform(to_matrix(t))), to_matrix(t)) < 1e-6f);
}

TEST_CASE("a flattened matrix decomposes to finite values") {
  for (const Vec3 scale : {Vec3(0), Vec3(1, 0, 0), Vec3(0, 1, 1), Vec3(1, 1, 0)}) {
    const Transform t = to_transform(to_matrix({exp_rotation({0, 1.5f, 0.1f}), {0, 0, 0}, scale}));
    CHECK(std::abs(glm::length(t.rotation) - 1.0f) < 1e-5f);
  }
}

TEST_CASE("product and inverse follow the matrices for uniform scale") {
  Random random;
  for (int i = 0; i < 200; ++i) {
    const Transform a{random.rotation(), random.vec3(5), Vec3(random.uniform(0.5f, 2))};
    const Transform b{random.rotation(), random.vec3(5), Vec3(random.uniform(0.5f, 2))};
    CHECK(distance(to_matrix(a * b), to_matrix(a) * to_matrix(b)) < 2e-5f);
    CHECK(distance(to_matrix(a * inverse(a)), Mat4(1)) < 1e-5f);
  }
}

TEST_CASE("exp and log of rotations invert each other") {
  Random random;
  for (int i = 0; i < 200; ++i) {
    const Vec3 v = random.vec3(1.7f);  // below pi in length
    CHECK(glm::distance(log_rotation(exp_rotation(v)), v) < 2e-5f);
  }
  for (const float small : {0.0f, 1e-8f, 1e-5f, 1e-3f}) {
    const Vec3 v(small, 0, 0);
    CHECK(std::abs(log_rotation(exp_rotation(v)).x - small) <= 1e-6f * small);
  }
  // q and -q are the same rotation: the log takes the short way.
  const Quat q = exp_rotation({0.5f, 0, 0});
  CHECK(glm::distance(log_rotation(-q), log_rotation(q)) < 1e-6f);
}
