#include "runtime/trainer/metrics_file.hpp"

#include "costmodel/errors.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>

namespace shardwright {
namespace {

void make_folder(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    throw EnvironmentError(
        fmt::format("The output folder {} cannot be made: {}. Choose another "
                    "one with --output.",
                    folder, error.message()));
  }
}

}  // namespace

MetricsFile::MetricsFile(const std::string& folder) : path_(folder + "/metrics.jsonl") {
  make_folder(folder);
  descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail();
  claim(folder);
  // A device or a pipe has nothing to cut.
  if (::ftruncate(descriptor_, 0) != 0 && errno != EINVAL) fail();
}

void MetricsFile::claim(const std::string& folder) {
  // A file system without locks cannot tell.
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;
  ::close(std::exchange(descriptor_, -1));
  throw EnvironmentError(
      fmt::format("Another training job is writing to {} just now (it holds {}). Wait for its end, "
                  "or choose another folder with --output.",
                  folder, path_));
}

MetricsFile::~MetricsFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void MetricsFile::fail() const {
  throw EnvironmentError(
      fmt::format("{} cannot be written: {}. Make room or choose another folder with --output.",
                  path_, std::strerror(errno)));
}

void MetricsFile::add(const nlohmann::json& event) { pending_ += event.dump() + "\n"; }

void MetricsFile::write_pending() {
  std::string_view left = pending_;
  while (!left.empty()) {
    const ssize_t written = ::write(descriptor_, left.data(), left.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail();
    left.remove_prefix(static_cast<std::size_t>(written));
  }
  pending_.clear();
}

}  // namespace shardwright
