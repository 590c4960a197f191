#include "runtime/trainer/metrics_file.hpp"

#include "costmodel/errors.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
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

/// Where the last whole line among the file's first `bytes` bytes ends.
std::int64_t end_of_lines(const std::string& file, std::int64_t bytes) {
  constexpr std::int64_t kLongestLine = std::int64_t{1} << 20;
  std::error_code error;
  const auto size = static_cast<std::int64_t>(std::filesystem::file_size(file, error));
  if (error) return 0;
  const std::int64_t end = std::min(bytes, size);
  const std::int64_t begin = std::max<std::int64_t>(0, end - kLongestLine);
  std::string tail(static_cast<std::size_t>(end - begin), '\0');
  std::ifstream in(file, std::ios::binary);
  in.seekg(begin).read(tail.data(), std::ssize(tail));
  const std::size_t line_end = in ? tail.rfind('\n') : std::string::npos;
  return line_end == std::string::npos ? 0 : begin + static_cast<std::int64_t>(line_end) + 1;
}

}  // namespace

MetricsFile::MetricsFile(const std::string& folder) : path_(folder + "/metrics.jsonl") {
  make_folder(folder);
  descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail();
  claim(folder);
}

void MetricsFile::start_after(std::int64_t bytes) {
  bytes_ = bytes > 0 ? end_of_lines(path_, bytes) : 0;
  // A device or a pipe has nothing to cut.
  if (::ftruncate(descriptor_, bytes_) != 0 && errno != EINVAL) fail();
  if (::lseek(descriptor_, bytes_, SEEK_SET) < 0 && errno != ESPIPE) fail();
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
    bytes_ += written;
  }
  pending_.clear();
}

}  // namespace shardwright
