#include "viewer/app.h"
#include "viewer/library.h"

// The application's networks: the Model tab shows the one opened last.

namespace canter::viewer {

void App::start_loading_model(const std::string& path) {
  models_.start(path, [path] { return load_model_document(path); });
}

void App::poll_models() {
  for (auto& [path, loaded] : models_.take_finished())
    if (Result<void> finished = finish_model(path, std::move(loaded)); !finished)
      report_error("Could not open " + path.substr(path.find_last_of('/') + 1),
                   finished.error().message);
}

Result<void> App::finish_model(const std::string& path, Result<ModelDocumentPtr> loaded) {
  LibraryEntry& entry = find_or_add(state_.browser, path);
  entry.loading = false;
  if (!loaded) {
    entry.error = loaded.error().message;
    return loaded.error();
  }
  state_.model = std::move(loaded).value();
  state_.view.tab = Tab::model;
  return perform_policy(path);
}

}  // namespace canter::viewer
