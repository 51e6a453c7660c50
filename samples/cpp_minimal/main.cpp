// The shortest C++ host: load, step, print a pose. See README.md.
#include <canter/anim/clip_file.h>
#include <canter/world/world.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <vector>

int main(int argc, char** argv) {
  if (argc != 2) return std::fprintf(stderr, "usage: cpp_minimal FILE.clip\n"), 2;
  std::ifstream in(argv[1], std::ios::binary);
  if (!in) return std::fprintf(stderr, "cpp_minimal: cannot read %s\n", argv[1]), 1;
  const std::vector<char> chars((std::istreambuf_iterator<char>(in)),
                                std::istreambuf_iterator<char>());
  canter::Result<canter::ClipFile> file = canter::load_clip_file(std::as_bytes(std::span(chars)));
  if (!file) return std::fprintf(stderr, "cpp_minimal: %s\n", file.error().message.c_str()), 1;

  // Assets are shared; the character is a state in the world.
  const auto skeleton = std::make_shared<const canter::Skeleton>(file->skeleton);
  canter::World world;
  const canter::ClipId clip = world.add_clip(std::make_shared<const canter::Clip>(file->clip));
  canter::CharacterDesc desc;
  desc.skeleton = skeleton;
  const canter::Result<canter::CharacterId> character = world.create(desc);
  if (!character || !world.play(*character, {clip})) return 1;

  for (int frame = 0; frame < 60; ++frame) canter::step(world, 1.0 / 60.0);

  const std::span<const canter::Mat4> models = world.models(*character);
  for (int j = 0; j < skeleton->num_joints(); ++j) {
    const canter::Vec4& p = models[static_cast<std::size_t>(j)][3];
    std::printf("%-20s %8.4f %8.4f %8.4f m\n", skeleton->name(j).data(), static_cast<double>(p.x),
                static_cast<double>(p.y), static_cast<double>(p.z));
  }
  return 0;
}
