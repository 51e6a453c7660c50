#include <filesystem>

#include "viewer/app.h"

// Images, image sequences and videos of what is shown.

namespace canter::viewer {
namespace {

constexpr int kRecordedFrames_per_s = 60;

/// "canter_1.png" or the next number that no file in the current folder has.
std::string free_name(int& number, const std::string& ending) {
  std::error_code ignored;
  std::string name;
  do {
    name = "canter_" + std::to_string(++number) + ending;
  } while (std::filesystem::exists(name, ignored));
  return name;
}

}  // namespace

Result<void> App::save_screenshot(const std::string& path) {
  if (window_.width() < 1 || window_.height() < 1)
    return Error{ErrorCode::io, path + ": the window is minimised, there is nothing to save"};
  return write_png(path, canvas_.read());
}

void App::apply(const command::TakeScreenshot&) {
  const std::string path = free_name(screenshots_, ".png");
  if (const Result<void> saved = save_screenshot(path); !saved)
    return report_error("No screenshot", saved.error().message);
  state_.notices.push_back({false, "Screenshot saved", path});
}

Result<void> App::start_recorder(const std::string& path) {
  Result<std::unique_ptr<Recorder>> recorder =
      start_recording(path, window_.width(), window_.height(), kRecordedFrames_per_s);
  if (!recorder) return recorder.error();
  recorder_ = std::move(recorder).value();
  state_.recording = path;
  return {};
}

Result<void> App::stop_recorder() {
  if (recorder_ == nullptr) return {};
  const Result<void> finished = recorder_->finish();
  recorder_.reset();
  state_.recording.clear();
  return finished;
}

void App::apply(const command::Record& c) {
  if (recorder_ != nullptr) {
    const std::string path = state_.recording;
    const int frames = recorder_->num_frames();
    if (const Result<void> finished = stop_recorder(); !finished)
      return report_error("The recording failed", finished.error().message);
    state_.notices.push_back(
        {false, "Recording saved", path + ", " + std::to_string(frames) + " frames"});
    if (c.path.empty()) return;
  }
  if (c.stop) return;
  const std::string path = !c.path.empty() ? c.path : free_name(recordings_, ".mp4");
  if (const Result<void> started = start_recorder(path); !started)
    report_error("Nothing is recorded", started.error().message);
}

Result<void> App::record_frame() {
  if (recorder_ == nullptr || window_.width() < 1 || window_.height() < 1) return {};
  const Result<void> added = recorder_->add(canvas_.read());
  if (added) return {};
  recorder_.reset();
  const std::string path = std::exchange(state_.recording, {});
  // A run that is there to record has failed; a session goes on.
  if (path == options_.record && options_.headless && !scripted()) return added;
  report_error("The recording stopped", added.error().message);
  return {};
}

}  // namespace canter::viewer
