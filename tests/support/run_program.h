#pragma once

#include <string>
#include <vector>

namespace canter::test {

/// What a program did.
struct Outcome {
  int exit_code = -1;  ///< 128 + signal if it was killed
  std::string out, err;
};

/// Runs `canter` with these arguments and waits. $CANTER_BINARY names another binary.
Outcome run_canter(const std::vector<std::string>& arguments);

/// An empty folder for a test's files, deleted at the end.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::string path(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace canter::test
