#pragma once

#include <memory>
#include <string>

#include "canter/base/result.h"
#include "viewer/gfx/image.h"

namespace canter::viewer {

/// Takes frames of one size and makes a film of them.
class Recorder {
 public:
  virtual ~Recorder() = default;
  /// Errors: the disk is full, the size changed, ffmpeg ended.
  virtual Result<void> add(const Image& frame) = 0;
  /// Waits until everything is on disk. A recorder that is destroyed without abandons the video.
  virtual Result<void> finish() = 0;
  int num_frames() const { return num_frames_; }

 protected:
  int num_frames_ = 0;
};

/// A sequence of PNG images if the path ends in ".png" ("walk.png" gives walk_00001.png and so on;
/// "walk_%03d.png" says where the number goes), else a video through ffmpeg, which must be
/// installed. Errors: ffmpeg cannot be started (the message says how to get it).
Result<std::unique_ptr<Recorder>> start_recording(const std::string& path, int width, int height,
                                                  int frames_per_s);

/// The path of one image of a sequence; numbers count from 1.
std::string sequence_path(const std::string& path, int number);

}  // namespace canter::viewer
