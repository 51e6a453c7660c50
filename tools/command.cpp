#include "command.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>

namespace canter::tools {

std::vector<std::byte> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  if (!in) throw bad_data(path + ": cannot open: " + std::strerror(errno));
  const std::streamoff size = in.tellg();
  std::vector<std::byte> bytes(size > 0 ? static_cast<std::size_t>(size) : 0);
  in.seekg(0);
  in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!in) throw bad_data(path + ": cannot read: " + std::strerror(errno));
  return bytes;
}

void write_file(const std::string& path, std::span<const std::byte> bytes) {
  const std::string temporary = path + ".partial";
  {
    std::ofstream out(temporary, std::ios::binary);
    out.write(reinterpret_cast<const char*>(bytes.data()),
              static_cast<std::streamsize>(bytes.size()));
    out.flush();
    if (!out) {
      const std::string reason = std::strerror(errno);
      std::remove(temporary.c_str());
      throw bad_data(path + ": cannot write: " + reason);
    }
  }
  if (std::rename(temporary.c_str(), path.c_str()) != 0)
    throw bad_data(path + ": cannot write: " + std::strerror(errno));
}

}  // namespace canter::tools
