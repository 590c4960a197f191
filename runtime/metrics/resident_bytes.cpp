#include "runtime/metrics/resident_bytes.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <string_view>

namespace shardwright {
namespace {

/// "12345 678 …": pages of address space, pages in memory, and others.
std::int64_t resident_pages(std::string_view statm) {
  const std::size_t gap = statm.find(' ');
  if (gap == std::string_view::npos) return 0;
  std::int64_t pages = 0;
  std::from_chars(statm.data() + gap + 1, statm.data() + statm.size(), pages);  // 0 if it is none
  return pages;
}

}  // namespace

std::int64_t resident_bytes() {
  const int descriptor = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return 0;
  std::array<char, 128> text;
  const ssize_t size = ::read(descriptor, text.data(), text.size());
  ::close(descriptor);
  if (size <= 0) return 0;
  return resident_pages({text.data(), static_cast<std::size_t>(size)}) * ::sysconf(_SC_PAGESIZE);
}

}  // namespace shardwright
