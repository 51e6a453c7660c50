#include "viewer/recorder.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstring>

#include <utility>
#include <vector>

extern char** environ;

namespace canter::viewer {
namespace {

/// Pipes frames into ffmpeg.
class VideoRecorder : public Recorder {
 public:
  VideoRecorder(std::string path, int width, int height, int socket, int messages, pid_t process)
      : path_(std::move(path)),
        width_(width),
        height_(height),
        socket_(socket),
        messages_(messages),
        process_(process) {}
  VideoRecorder(const VideoRecorder&) = delete;
  VideoRecorder& operator=(const VideoRecorder&) = delete;
  ~VideoRecorder() override {
    close();
    if (process_ > 0) waitpid(process_, nullptr, 0);
    ::close(messages_);
  }

  Result<void> add(const Image& frame) override;
  Result<void> finish() override;

 private:
  void close() {
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
  }

  std::string path_;
  int width_, height_;
  int socket_ = -1;
  int messages_ = -1;  ///< what ffmpeg complains about
  pid_t process_ = -1;
};

/// What lies in a pipe, up to a few lines.
std::string read_text(int pipe) {
  std::string text(1024, '\0');
  const ssize_t got = read(pipe, text.data(), text.size());
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

/// Writes every frame as an image.
class SequenceRecorder : public Recorder {
 public:
  explicit SequenceRecorder(std::string path) : path_(std::move(path)) {}
  Result<void> add(const Image& frame) override {
    ++num_frames_;
    return write_png(sequence_path(path_, num_frames_), frame);
  }
  Result<void> finish() override { return {}; }

 private:
  std::string path_;
};

Result<std::unique_ptr<Recorder>> start_video(const std::string& path, int width, int height,
                                              int frames_per_s) {
  // A socket instead of a pipe: writing to an ffmpeg that died is an error then, not a signal.
  int ends[2] = {-1, -1};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return Error{ErrorCode::io, path + ": cannot record: " + std::strerror(errno)};
  // Neither waits for the other: an ffmpeg that complains a lot loses what nobody reads.
  int messages[2] = {-1, -1};
  if (pipe2(messages, O_CLOEXEC | O_NONBLOCK) != 0) {
    const int failure = errno;
    for (const int end : ends) ::close(end);
    return Error{ErrorCode::io, path + ": cannot record: " + std::strerror(failure)};
  }
  const std::string size = std::to_string(width) + "x" + std::to_string(height);
  const std::string rate = std::to_string(frames_per_s);
  // Most players want 4:2:0, which needs even sides.
  const char* const arguments[] = {
      "ffmpeg",    "-y",         "-loglevel", "error",
      "-f",        "rawvideo",   "-pix_fmt",  "rgba",
      "-s",        size.c_str(), "-r",        rate.c_str(),
      "-i",        "-",          "-vf",       "pad=ceil(iw/2)*2:ceil(ih/2)*2",
      "-pix_fmt",  "yuv420p",    "-crf",      "18",
      "-bitexact", path.c_str(), nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, messages[1], STDERR_FILENO);
  pid_t process = -1;
  const int failure = posix_spawnp(&process, "ffmpeg", &actions, nullptr,
                                   const_cast<char* const*>(arguments), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  ::close(messages[1]);
  if (failure != 0) {
    ::close(ends[0]);
    ::close(messages[0]);
    return Error{ErrorCode::io, path + ": recording needs ffmpeg, which could not be started (" +
                                    std::strerror(failure) +
                                    "); on Debian: apt-get install ffmpeg"};
  }
  return std::unique_ptr<Recorder>(
      std::make_unique<VideoRecorder>(path, width, height, ends[0], messages[0], process));
}

Result<void> VideoRecorder::add(const Image& frame) {
  if (frame.width != width_ || frame.height != height_)
    return Error{ErrorCode::unsupported,
                 path_ + ": recording stopped: the window changed its size"};
  ++num_frames_;
  const std::uint8_t* data = frame.rgba.data();
  std::size_t left = frame.rgba.size();
  while (left > 0) {
    const ssize_t sent = send(socket_, data, left, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) {
      const std::string why = std::strerror(errno), complaint = read_text(messages_);
      return Error{ErrorCode::io, path_ + ": recording stopped: ffmpeg ended (" +
                                      (complaint.empty() ? why : complaint) + ")"};
    }
    data += sent;
    left -= static_cast<std::size_t>(sent);
  }
  return {};
}

Result<void> VideoRecorder::finish() {
  close();
  int status = 0;
  const pid_t ended = waitpid(std::exchange(process_, -1), &status, 0);
  // On a full disk ffmpeg complains, and yet ends as if all were well.
  const std::string complaint = read_text(messages_);
  if (ended >= 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 && complaint.empty()) return {};
  return Error{ErrorCode::io, path_ + ": ffmpeg could not write the video" +
                                  (complaint.empty() ? "" : ": " + complaint)};
}

bool ends_with_png(const std::string& path) {
  return path.size() >= 4 && path.compare(path.size() - 4, 4, ".png") == 0;
}

}  // namespace

std::string sequence_path(const std::string& path, int number) {
  const std::string digits = std::to_string(number);
  const auto padded = [&](std::size_t width) {
    return std::string(width > digits.size() ? width - digits.size() : 0, '0') + digits;
  };
  // Only "%d" and "%0Nd" stand for the number; whatever else the name holds is the name.
  const std::size_t percent = path.find('%');
  if (percent != std::string::npos) {
    std::size_t at = percent + 1, width = 0;
    while (at < path.size() && path[at] >= '0' && path[at] <= '9' && width < 100)
      width = 10 * width + static_cast<std::size_t>(path[at++] - '0');
    if (at < path.size() && path[at] == 'd')
      return path.substr(0, percent) + padded(std::min<std::size_t>(width, 20)) +
             path.substr(at + 1);
  }
  const std::size_t dot = path.find_last_of('.');
  return path.substr(0, dot) + "_" + padded(5) + path.substr(dot);
}

Result<std::unique_ptr<Recorder>> start_recording(const std::string& path, int width, int height,
                                                  int frames_per_s) {
  if (ends_with_png(path))
    return std::unique_ptr<Recorder>(std::make_unique<SequenceRecorder>(path));
  return start_video(path, width, height, frames_per_s);
}

}  // namespace canter::viewer
