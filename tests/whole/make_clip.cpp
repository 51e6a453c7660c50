// Writes a made-up clip for the tests that run samples as an outsider would.
#include <cstdio>
#include <fstream>

#include "canter/anim/clip_file.h"
#include "synthetic.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  canter::ClipFile file;
  file.skeleton = canter::test::synthetic_skeleton(20);
  canter::RawClip raw = canter::test::synthetic_clip(file.skeleton, 31, 30.0f);
  raw.loop = true;
  file.clip = canter::compress(raw, file.skeleton).value();
  file.name = "made";
  const std::vector<std::byte> bytes = canter::save_clip_file(file);
  std::ofstream out(argv[1], std::ios::binary);
  out.write(reinterpret_cast<const char*>(bytes.data()),
            static_cast<std::streamsize>(bytes.size()));
  return out.good() ? 0 : 1;
}
