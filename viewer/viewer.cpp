#include "viewer/viewer.h"

#include "viewer/app.h"

namespace canter::viewer {

Result<void> run(const Options& options) {
  Window::Desc desc;
  desc.width = options.width;
  desc.height = options.height;
  desc.headless = options.headless;
  Result<Window> window = Window::create(desc);
  if (!window) return window.error();
  Result<SceneRenderer> renderer = SceneRenderer::create();
  if (!renderer) return renderer.error();
  Options chosen = options;
  if (chosen.settings.empty() && !chosen.headless && chosen.script.empty())
    chosen.settings = default_settings_path();
  App app(chosen, std::move(window).value(), std::move(renderer).value());
  return app.run();
}

Result<void> probe_headless() {
  Window::Desc desc;
  desc.width = desc.height = 16;
  desc.headless = true;
  Result<Window> window = Window::create(desc);
  if (!window) return window.error();
  return {};
}

}  // namespace canter::viewer
