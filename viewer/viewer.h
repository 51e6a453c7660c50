#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "canter/base/result.h"

/// The viewer: a window onto motion clips and characters. `canter view` is a thin call of `run`.
namespace canter::viewer {

struct Options {
  std::vector<std::string> files;  ///< opened in order; without any, what Canter ships
  bool headless = false;           ///< no display needed; time advances 1/60 s per frame
  int frames = 0;                  ///< frames to run; 0: until closed (headless: 120)
  std::uint64_t seed = 0;          ///< of everything random; equal input gives equal images
  std::string screenshot;          ///< PNG of the last frame
  std::string record;              ///< video of all frames, through ffmpeg
  std::string settings;            ///< file they are kept in; empty: with a window the user's
  std::string script;              ///< file of a session to run instead of waiting for hands
  std::string report;              ///< JSON: where the time of the frames went
  std::string fonts = "/usr/share/fonts";  ///< folder they are looked for in
  int width = 1600;
  int height = 900;
  std::optional<double> time_s;  ///< hold the clip at this time instead of playing
  std::string clip;              ///< name or number of the clip of the last file; empty: its first
  bool panels = true;
  std::string tab = "clip";       ///< open tab of the inspector: "clip", "view" or "frame"
  bool simulate = false;          ///< a body performs the clip, with the policy that ships for it
  bool bones = false;             ///< bare bones instead of the character
  bool ghost = false;             ///< the source skeleton where a clip was carried over
  bool contacts = false;          ///< mark feet that stand
  std::vector<std::string> show;  ///< further overlays by their ids (view_table.h)
  std::string compare;            ///< what stands beside: "source", "original" or "mirror"
  bool timings = false;           ///< headless images show measured times, which differ per run
  std::string quality = "auto";   ///< "auto", "low", "medium", "high" or "ultra"
  std::optional<float> yaw_deg;   ///< of the camera, around the character's front
  std::optional<float> scale;     ///< of the interface; by default from the display
};

/// Runs until the window closes or `frames` are done. Main thread.
/// Errors: no OpenGL 4.5 or no display; headless also a file that cannot be read or written. With
/// a window, files that cannot be read are reported in it.
Result<void> run(const Options& options);

/// Whether a headless viewer can run here, or why not.
Result<void> probe_headless();

}  // namespace canter::viewer
