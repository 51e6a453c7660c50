#include "viewer/recorder.h"

#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>

#include <utility>
#include <vector>

extern char** environ;

namespace canter::viewer {

Result<Recorder> Recorder::start(const std::string& path, int width, int height, int frames_per_s) {
  // A socket instead of a pipe: writing to an ffmpeg that died is an error then, not a signal.
  int ends[2] = {-1, -1};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return Error{ErrorCode::io, path + ": cannot record: " + std::strerror(errno)};
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
  pid_t process = -1;
  const int failure = posix_spawnp(&process, "ffmpeg", &actions, nullptr,
                                   const_cast<char* const*>(arguments), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  if (failure != 0) {
    ::close(ends[0]);
    return Error{ErrorCode::io, path + ": recording needs ffmpeg, which could not be started (" +
                                    std::strerror(failure) +
                                    "); on Debian: apt-get install ffmpeg"};
  }
  return Recorder(path, ends[0], process);
}

Recorder::Recorder(Recorder&& other) noexcept
    : path_(std::move(other.path_)),
      socket_(std::exchange(other.socket_, -1)),
      process_(std::exchange(other.process_, -1)) {}

Recorder::~Recorder() {
  close();
  if (process_ > 0) waitpid(process_, nullptr, 0);
}

void Recorder::close() {
  if (socket_ >= 0) ::close(std::exchange(socket_, -1));
}

Result<void> Recorder::add(const Image& frame) {
  const std::uint8_t* data = frame.rgba.data();
  std::size_t left = frame.rgba.size();
  while (left > 0) {
    const ssize_t sent = send(socket_, data, left, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) {
      return Error{ErrorCode::io, path_ + ": recording stopped: ffmpeg ended (" +
                                      std::strerror(errno) + "); is the disk full?"};
    }
    data += sent;
    left -= static_cast<std::size_t>(sent);
  }
  return {};
}

Result<void> Recorder::finish() {
  close();
  int status = 0;
  const pid_t ended = waitpid(std::exchange(process_, -1), &status, 0);
  if (ended < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return Error{ErrorCode::io,
                 path_ + ": ffmpeg could not write the video (its message is above)"};
  return {};
}

}  // namespace canter::viewer
