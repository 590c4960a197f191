#include "runtime/comm/shared_floats.hpp"

#include "costmodel/errors.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace shardwright {
namespace {

constexpr const char* kFileName = "shardwright-rank";  // seen in /proc alone

void check(bool succeeded, const std::string& doing, int error) {
  if (succeeded) return;
  throw EnvironmentError(
      fmt::format("{} failed: {}. With SHARDWRIGHT_NODE_MEMORY=off ranks of one host exchange by "
                  "messages alone.",
                  doing, std::strerror(error)));
}

std::int64_t next_serial() {
  static std::atomic<std::int64_t> last = 0;
  return ++last;
}

/// In full, so that no write meets a page that the system has not. Piece by piece, as a signal
/// undoes the call that it interrupts. Returns errno's value.
int allocate_in_full(int descriptor, off_t bytes) {
  constexpr off_t kPiece = off_t{4} << 20;
  for (off_t begin = 0; begin < bytes;) {
    const int error = ::posix_fallocate(descriptor, begin, std::min(kPiece, bytes - begin));
    if (error == 0) begin += kPiece;
    if (error != 0 && error != EINTR) return error;
  }
  return 0;
}

/// Whether it is one of ours: in another container the number may be another process's.
bool is_rank_memory(const std::string& path) {
  std::array<char, 64> target = {};
  const ssize_t length = ::readlink(path.c_str(), target.data(), target.size());
  const std::string ours = fmt::format("/memfd:{}", kFileName);
  return length > 0 &&
         std::string_view(target.data(), static_cast<std::size_t>(length)).starts_with(ours);
}

/// Closed at the end.
class OpenFile {
 public:
  explicit OpenFile(const std::string& path) {
    check(is_rank_memory(path), "Finding a rank's memory as " + path, ENOENT);
    descriptor_ = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    const int error = errno;
    check(descriptor_ >= 0, "Opening a rank's memory as " + path, error);
  }
  ~OpenFile() { ::close(descriptor_); }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  int descriptor() const { return descriptor_; }
  std::int64_t bytes() const {
    struct stat facts = {};
    check(::fstat(descriptor_, &facts) == 0, "fstat", errno);
    return facts.st_size;
  }

 private:
  int descriptor_ = -1;
};

}  // namespace

MappedFloats::MappedFloats(int descriptor, std::size_t size) {
  if (size == 0) return;
  void* mapped =
      ::mmap(nullptr, size * sizeof(float), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  check(mapped != MAP_FAILED, "Mapping memory that ranks share", errno);
  values_ = {static_cast<float*>(mapped), size};
}

MappedFloats::~MappedFloats() {
  if (!values_.empty()) ::munmap(values_.data(), values_.size_bytes());
}

MappedFloats::MappedFloats(MappedFloats&& other) noexcept
    : values_(std::exchange(other.values_, {})) {}

MappedFloats& MappedFloats::operator=(MappedFloats&& other) noexcept {
  std::swap(values_, other.values_);
  return *this;
}

SharedFloats::~SharedFloats() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void SharedFloats::resize(std::size_t size) {
  if (size > mapped_.values().size()) allocate(size);
  size_ = size;
}

void SharedFloats::allocate(std::size_t size) {
  if (descriptor_ < 0) descriptor_ = ::memfd_create(kFileName, MFD_CLOEXEC);
  check(descriptor_ >= 0, "memfd_create", errno);
  const auto bytes = static_cast<off_t>(size * sizeof(float));
  const int error = allocate_in_full(descriptor_, bytes);
  check(error == 0, fmt::format("Allocating {} bytes that ranks share", bytes), error);
  mapped_ = MappedFloats(descriptor_, size);
  place_ = {::getpid(), descriptor_, next_serial(), static_cast<std::int64_t>(size)};
}

void PeerFloats::map(const SharedPlace& place) {
  if (place.process == place_.process && place.serial == place_.serial) return;
  mapped_ = MappedFloats();
  place_ = {};
  const OpenFile file(fmt::format("/proc/{}/fd/{}", place.process, place.descriptor));
  const auto size = static_cast<std::size_t>(place.floats);
  check(file.bytes() >= static_cast<std::int64_t>(size * sizeof(float)),
        "Looking for all of a rank's memory", ENODATA);
  mapped_ = MappedFloats(file.descriptor(), size);
  place_ = place;
}

}  // namespace shardwright
