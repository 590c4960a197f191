#include "runtime/data/line_reader.hpp"

#include "costmodel/errors.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace shardwright {
namespace {

constexpr std::string_view kGzipMagic = "\x1f\x8b";

[[noreturn]] void fail(const std::string& path, std::string_view cause) {
  throw InputError(fmt::format("Cannot read {}: {}.", path, cause));
}

}  // namespace

LineReader::LineReader(const std::string& path)
    : path_(path),
      descriptor_(path == "-" ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC)),
      buffer_(2 * kLongestLine) {
  if (descriptor_ < 0) fail(path_, std::strerror(errno));
}

LineReader::~LineReader() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

// Moves the unread part to the front and reads behind it; false at the end of the file.
bool LineReader::fill() {
  std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
            buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
  end_ -= begin_;
  begin_ = 0;
  ssize_t count = 0;
  do count = ::read(descriptor_, buffer_.data() + end_, buffer_.size() - end_);
  while (count < 0 && errno == EINTR);
  if (count < 0) fail(path_, std::strerror(errno));
  const std::string_view fresh(buffer_.data() + end_, static_cast<std::size_t>(count));
  if (line_number_ == 0 && end_ == 0 && fresh.starts_with(kGzipMagic))
    fail(path_, "it is compressed; unpack it, or pipe `zcat` into \"-\"");
  hash_.add(fresh);
  end_ += fresh.size();
  return !fresh.empty();
}

bool LineReader::next(std::string_view& line) {
  std::size_t searched = 0;
  for (;;) {
    const std::string_view unread(buffer_.data() + begin_, end_ - begin_);
    const std::size_t stop = unread.find('\n', searched);
    const bool found = stop != std::string_view::npos;
    if (!found && unread.size() > kLongestLine)
      fail(path_, fmt::format("line {} has more than {} bytes, so it is no such text file",
                              line_number_ + 1, kLongestLine));
    searched = unread.size();
    if (!found && fill()) continue;
    // The end of the file ends a last line that has no line end.
    if (!found && begin_ == end_) return false;
    line = std::string_view(buffer_.data() + begin_, found ? stop : end_ - begin_);
    begin_ += line.size() + (found ? 1 : 0);
    if (line.ends_with('\r')) line.remove_suffix(1);
    ++line_number_;
    return true;
  }
}

}  // namespace shardwright
