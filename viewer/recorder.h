#pragma once

#include <sys/types.h>

#include <string>

#include "canter/base/result.h"
#include "viewer/gfx/image.h"

namespace canter::viewer {

/// Pipes frames into ffmpeg, which must be installed.
class Recorder {
 public:
  /// Errors: ffmpeg cannot be started (the message says how to get it).
  static Result<Recorder> start(const std::string& path, int width, int height, int frames_per_s);

  Recorder(Recorder&& other) noexcept;
  Recorder& operator=(Recorder&&) = delete;
  /// Abandons the video if it was not finished.
  ~Recorder();

  /// Errors: ffmpeg ended early, e.g. because the disk is full.
  Result<void> add(const Image& frame);
  /// Waits until the file is complete.
  Result<void> finish();

 private:
  Recorder(std::string path, int socket, pid_t process)
      : path_(std::move(path)), socket_(socket), process_(process) {}
  void close();

  std::string path_;
  int socket_ = -1;
  pid_t process_ = -1;
};

}  // namespace canter::viewer
