// canter view: the viewer, with a window or headless.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "command.h"
#ifdef CANTER_HAS_VIEWER
#include "viewer/viewer.h"
#endif

namespace canter::tools {
#ifdef CANTER_HAS_VIEWER
namespace {

void parse_size(const std::string& text, viewer::Options& options) {
  int width = 0, height = 0, used = 0;
  if (std::sscanf(text.c_str(), "%dx%d%n", &width, &height, &used) != 2 ||
      static_cast<std::size_t>(used) != text.size() || width < 1 || height < 1 || width > 16384 ||
      height > 16384)
    throw bad_call("--size " + text + ": expected WIDTHxHEIGHT of 1 to 16384, such as 1280x720");
  options.width = width;
  options.height = height;
}

}  // namespace

void add_view(CLI::App& app) {
  struct Arguments {
    viewer::Options options;
    std::string size;
    double time_s = 0.0;
    float yaw_deg = 0.0f, scale = 1.0f;
    bool no_panels = false;
  };
  auto a = std::make_shared<Arguments>();
  viewer::Options& o = a->options;
  CLI::App* view = app.add_subcommand(
      "view",
      "Plays motion clips on characters, in a window or headless.\n"
      "FILE: BVH, FBX, glTF, GLB, Collada, DeepMimic JSON or .clip; several may be given: a file\n"
      "with a mesh and no clip becomes the character the others play on. Without FILE, what "
      "Canter\n"
      "ships. In the window press ? for the keys. docs/viewer.md teaches it in a page.");
  view->add_option("FILE", o.files, "Motions and characters to open");
  view->add_option("--clip", o.clip,
                   "Which clip of the last opened file plays: its name or number");
  CLI::Option* time = view->add_option("--time", a->time_s, "Hold the clip at this time, seconds")
                          ->check(CLI::NonNegativeNumber);
  view->add_option("--size", a->size, "Window size in pixels, such as 1280x720 (default 1600x900)");
  CLI::Option* scale = view->add_option("--scale", a->scale,
                                        "Size of the interface; 1 is 96 dots per inch (default: "
                                        "from the display)")
                           ->check(CLI::Range(0.5f, 4.0f));
  view->add_option("--fonts", o.fonts, "Folder of the fonts (default /usr/share/fonts)");
  view->add_option("--quality", o.quality, "low, medium, high, ultra, or auto by the renderer")
      ->check(CLI::IsMember({"auto", "low", "medium", "high", "ultra"}));
  CLI::Option* yaw =
      view->add_option("--yaw", a->yaw_deg,
                       "Where the camera starts, degrees from the character's front (default 32)");
  view->add_option("--tab", o.tab,
                   "Open tab of the inspector: clip, compare, blend, body, phase, model, view or\n"
                   "frame")
      ->check(
          CLI::IsMember({"clip", "compare", "blend", "body", "phase", "model", "view", "frame"}));
  view->add_flag("--no-panels", a->no_panels, "Only the 3-D view");
  view->add_flag(
          "--simulate", o.simulate,
          "A body performs the clip with muscles, with the policy that ships for it if there "
          "is one")
      ->excludes(time);
  view->add_flag("--bones", o.bones, "Bare bones instead of the character");

  view->add_flag("--ghost", o.ghost, "Ghost of the source skeleton where a clip was retargeted");
  view->add_flag("--contacts", o.contacts, "Mark the feet that stand");
  view->add_option("--show", o.show,
                   "Overlays, separated by commas: skeleton, axes, names, trails, ghost, later,\n"
                   "contacts, velocities, difference, phase_rings, instruments")
      ->delimiter(',')
      ->check(CLI::IsMember({"skeleton", "axes", "names", "trails", "ghost", "later", "contacts",
                             "velocities", "difference", "bones", "phase_rings", "instruments"}));
  view->add_option("--compare", o.compare,
                   "What stands beside: the source of a retargeted clip, the original frames of a\n"
                   "compressed one, the next clip of its file (sibling), or its mirror image")
      ->check(CLI::IsMember({"none", "source", "original", "sibling", "mirror"}));

  const char* headless = "Headless and recording";
  view->add_flag(
          "--headless", o.headless,
          "No window and no display: time advances 1/60 s per frame, equal input gives equal "
          "images")
      ->group(headless);
  view->add_option("--frames", o.frames,
                   "Frames to run, then leave (default: until closed; headless 120)")
      ->check(CLI::Range(1, 1'000'000))
      ->group(headless);
  view->add_option("--seed", o.seed, "Seed of everything random (default 0)")->group(headless);
  view->add_option("--screenshot", o.screenshot, "PNG of the last frame")->group(headless);
  view->add_option("--record", o.record, "Video of all frames, 60 per second; needs ffmpeg")
      ->group(headless);
  view->add_option("--script", o.script,
                   "Runs a session from a file, one command a line (docs/viewer.md), then leaves")
      ->group(headless);
  view->add_option("--report", o.report,
                   "JSON: p50, p95, p99 and maximum of every stage of the frame")
      ->group(headless);
  view->add_option("--settings", o.settings,
                   "File that settings are kept in (default: with a window, "
                   "~/.config/canter/viewer.json)");
  view->add_flag("--timings", o.timings,
                 "Show measured times in headless images, which then differ from run to run")
      ->group(headless);
  view->callback([a, time, yaw, scale] {
    viewer::Options& options = a->options;
    if (!a->size.empty()) parse_size(a->size, options);
    if (time->count() > 0) options.time_s = a->time_s;
    if (yaw->count() > 0) options.yaw_deg = a->yaw_deg;
    if (scale->count() > 0) options.scale = a->scale;
    options.panels = !a->no_panels;
    require(viewer::run(options));
  });
}
#else
void add_view(CLI::App& app) {
  CLI::App* view = app.add_subcommand("view", "The viewer (not in this build)");
  view->allow_extras();
  view->callback(
      [] { throw bad_call("this build has no viewer; configure with -DCANTER_VIEWER=ON"); });
}
#endif

}  // namespace canter::tools
