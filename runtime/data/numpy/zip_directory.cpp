#include "runtime/data/numpy/zip_directory.hpp"

#include "costmodel/errors.hpp"
#include "runtime/data/cell.hpp"
#include "runtime/data/fnv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <string_view>

// Layouts: APPNOTE.TXT of the zip format, 4.3 (little-endian, fields not aligned).

namespace shardwright {
namespace {

constexpr std::uint32_t kLocalHeader = 0x04034b50;
constexpr std::uint32_t kDirectoryEntry = 0x02014b50;
constexpr std::uint32_t kDirectoryEnd = 0x06054b50;
constexpr std::uint32_t kDirectoryEnd64 = 0x06064b50;
constexpr std::uint32_t kLocator64 = 0x07064b50;
constexpr std::int64_t kLocalBytes = 30;
constexpr std::int64_t kEntryBytes = 46;
constexpr std::int64_t kEndBytes = 22;
constexpr std::int64_t kEnd64Bytes = 56;
constexpr std::int64_t kLocator64Bytes = 20;
constexpr std::int64_t kLongestComment = 65535;
constexpr std::int64_t kMostDirectoryBytes = std::int64_t{64} << 20;
constexpr std::uint32_t kIn64 = 0xffffffff;  // the value stands in the zip64 part
constexpr std::uint16_t kExtra64 = 1;
constexpr std::uint16_t kEncrypted = 1;
constexpr std::uint16_t kStored = 0;
constexpr std::uint16_t kDeflated = 8;

[[noreturn]] void fail(const RandomFile& file, std::int64_t place, const std::string& complaint) {
  throw InputError(fmt::format("{}: at byte {}: {}.", file.path(), place, complaint));
}

// A piece of the file, and where it stands there.
class Record {
 public:
  Record(const RandomFile& file, std::int64_t place, std::int64_t bytes, std::string_view what)
      : file_(&file), place_(place) {
    if (place < 0 || bytes > file.size() || place > file.size() - bytes)
      fail(file, place,
           fmt::format("{} of {} bytes was expected, and the file has {} bytes", what, bytes,
                       file.size()));
    bytes_.resize(static_cast<std::size_t>(bytes));
    file.read(place, std::as_writable_bytes(std::span(bytes_)));
  }
  std::int64_t place() const { return place_; }
  std::string_view text() const { return bytes_; }

  template <class T>
  T at(std::size_t offset) const {
    T value{};
    std::memcpy(&value, text().substr(offset, sizeof(T)).data(), sizeof(T));
    return value;
  }
  void expect(std::uint32_t signature, std::string_view what) const {
    if (at<std::uint32_t>(0) != signature)
      fail(*file_, place_,
           fmt::format("{:08x} stands there, expected {} ({:08x}); the archive is "
                       "damaged or no zip",
                       at<std::uint32_t>(0), what, signature));
  }

 private:
  const RandomFile* file_;
  std::int64_t place_;
  std::string bytes_;
};

struct Place {
  std::int64_t begin = 0;
  std::int64_t bytes = 0;
};

std::int64_t to_signed(const RandomFile& file, std::int64_t place, std::uint64_t value) {
  if (value > static_cast<std::uint64_t>(file.size()))
    fail(file, place,
         fmt::format("the archive names a place or size of {} bytes, and the file has "
                     "{}",
                     value, file.size()));
  return static_cast<std::int64_t>(value);
}

std::int64_t find_end(const RandomFile& file) {
  const std::int64_t tail = std::min(file.size(), kEndBytes + kLongestComment);
  const Record record(file, file.size() - tail, tail, "the end of a zip archive");
  constexpr std::string_view kMark = "PK\x05\x06";
  static_assert(kDirectoryEnd == 0x06054b50);  // the same bytes
  if (tail >= kEndBytes) {
    const auto last = static_cast<std::size_t>(tail - kEndBytes);
    const std::size_t found = record.text().rfind(kMark, last);
    if (found != std::string_view::npos) return record.place() + static_cast<std::int64_t>(found);
  }
  fail(file, file.size(), "the end of a zip archive was expected before; it is cut off or no zip");
}

Place find_directory64(const RandomFile& file, std::int64_t end) {
  const Record locator(file, end - kLocator64Bytes, kLocator64Bytes, "a zip64 locator");
  locator.expect(kLocator64, "a zip64 locator");
  const std::int64_t place = to_signed(file, locator.place(), locator.at<std::uint64_t>(8));
  const Record end64(file, place, kEnd64Bytes, "the zip64 end of a directory");
  end64.expect(kDirectoryEnd64, "the zip64 end of a directory");
  return {to_signed(file, place, end64.at<std::uint64_t>(48)),
          to_signed(file, place, end64.at<std::uint64_t>(40))};
}

Place find_directory(const RandomFile& file) {
  const std::int64_t place = find_end(file);
  const Record end(file, place, kEndBytes, "the end of a zip directory");
  const auto entries = end.at<std::uint16_t>(10);
  const auto bytes = end.at<std::uint32_t>(12);
  const auto begin = end.at<std::uint32_t>(16);
  if (entries == 0xffff || bytes == kIn64 || begin == kIn64) return find_directory64(file, place);
  return {begin, bytes};
}

// One entry of the directory, which stands at `place` of the file.
struct Entry {
  const RandomFile* file;
  std::int64_t place;
  std::string_view bytes;  // from its begin to the end of the directory

  template <class T>
  T at(std::size_t offset) const {
    T value{};
    if (offset + sizeof(T) > bytes.size())
      fail(*file, place, "the directory of the zip is cut off");
    std::memcpy(&value, bytes.data() + offset, sizeof(T));
    return value;
  }
  std::size_t name_bytes() const { return at<std::uint16_t>(28); }
  std::size_t extra_bytes() const { return at<std::uint16_t>(30); }
  std::size_t size() const {
    return static_cast<std::size_t>(kEntryBytes) + name_bytes() + extra_bytes() +
           at<std::uint16_t>(32);
  }
};

// The zip64 part of an entry, whose values stand there in a fixed order, those alone that need it.
std::size_t find_extra64(const Entry& entry) {
  std::size_t at = static_cast<std::size_t>(kEntryBytes) + entry.name_bytes();
  const std::size_t end = at + entry.extra_bytes();
  while (at + 4 <= end) {
    if (entry.at<std::uint16_t>(at) == kExtra64) return at + 4;
    at += 4 + std::size_t{entry.at<std::uint16_t>(at + 2)};
  }
  fail(*entry.file, entry.place, "the zip64 sizes of a member are missing");
}

void read_sizes(const Entry& entry, ByteRegion& region) {
  std::size_t next64 = 0;
  const auto size_at = [&](std::size_t offset) -> std::uint64_t {
    const auto value = entry.at<std::uint32_t>(offset);
    if (value != kIn64) return value;
    if (next64 == 0) next64 = find_extra64(entry);
    next64 += sizeof(std::uint64_t);
    return entry.at<std::uint64_t>(next64 - sizeof(std::uint64_t));
  };
  const std::uint64_t bytes = size_at(24);
  if (bytes > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    fail(*entry.file, entry.place, fmt::format("a member of {} bytes is none", bytes));
  region.bytes = static_cast<std::int64_t>(bytes);
  region.stored_bytes = to_signed(*entry.file, entry.place, size_at(20));
  region.offset = to_signed(*entry.file, entry.place, size_at(42));
}

void require_readable(const Entry& entry, const ByteRegion& region) {
  const auto method = entry.at<std::uint16_t>(10);
  if ((entry.at<std::uint16_t>(8) & kEncrypted) != 0)
    fail(*entry.file, entry.place, fmt::format("{} is encrypted", region.name));
  if (method != kStored && method != kDeflated)
    fail(*entry.file, entry.place,
         fmt::format("{} is packed by method {}, expected 0 (stored) or 8 (deflated)", region.name,
                     method));
  if (method == kStored && region.bytes != region.stored_bytes)
    fail(*entry.file, entry.place,
         fmt::format("{} has {} bytes, but {} are stored", region.name, region.bytes,
                     region.stored_bytes));
}

// The local header has lengths of its own, behind which the bytes begin.
void skip_local_header(const RandomFile& file, ByteRegion& region) {
  const Record local(file, region.offset, kLocalBytes, "the header of a member");
  local.expect(kLocalHeader, "the header of a member");
  region.offset += kLocalBytes + local.at<std::uint16_t>(26) + local.at<std::uint16_t>(28);
  if (region.offset > file.size() - region.stored_bytes)
    fail(file, region.offset,
         fmt::format("{} has {} bytes there, and the file ends at {}", region.name,
                     region.stored_bytes, file.size()));
}

ZipMember read_member(const Entry& entry) {
  ZipMember member;
  const std::size_t name_end = static_cast<std::size_t>(kEntryBytes) + entry.name_bytes();
  if (entry.at<std::uint32_t>(0) != kDirectoryEntry || name_end > entry.bytes.size())
    fail(*entry.file, entry.place, "an entry of the zip's directory was expected");
  member.name = entry.bytes.substr(kEntryBytes, entry.name_bytes());
  ByteRegion& region = member.region;
  region.name = fmt::format("{}: {}", entry.file->path(), quote(member.name));
  region.crc = entry.at<std::uint32_t>(16);
  region.deflated = entry.at<std::uint16_t>(10) == kDeflated;
  read_sizes(entry, region);
  require_readable(entry, region);
  skip_local_header(*entry.file, region);
  return member;
}

}  // namespace

ZipDirectory read_zip_directory(const RandomFile& file) {
  const Place place = find_directory(file);
  if (place.bytes > kMostDirectoryBytes)
    fail(file, place.begin,
         fmt::format("a directory of {} bytes was announced, expected at most "
                     "{}",
                     place.bytes, kMostDirectoryBytes));
  const Record record(file, place.begin, place.bytes, "the directory of a zip archive");
  ZipDirectory directory;
  for (std::string_view rest = record.text(); !rest.empty();) {
    const Entry entry{&file, place.begin + place.bytes - std::ssize(rest), rest};
    directory.members.push_back(read_member(entry));
    rest.remove_prefix(std::min(entry.size(), rest.size()));
  }
  Fnv hash;
  hash.add(record.text());
  directory.hash = hash.text();
  return directory;
}

}  // namespace shardwright
