#include "runtime/data/numpy/byte_stream.hpp"

#include "costmodel/errors.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <array>
#include <utility>

namespace shardwright {
namespace {

[[noreturn]] void fail(const ByteStream& stream, const std::string& complaint) {
  throw InputError(fmt::format("{}: at byte {}: {}. The file is damaged: write or copy it again.",
                               stream.name(), stream.position(), complaint));
}

std::uint32_t extend_crc(std::uint32_t crc, std::span<const std::byte> bytes) {
  return static_cast<std::uint32_t>(
      ::crc32_z(crc, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

}  // namespace

ByteStream::ByteStream(std::shared_ptr<const RandomFile> file, ByteRegion region)
    : file_(std::move(file)), region_(std::move(region)) {
  if (region_.deflated)
    inflater_.emplace(file_, region_.name, region_.offset, region_.stored_bytes);
}

void ByteStream::read(std::span<std::byte> bytes) {
  if (std::ssize(bytes) > region_.bytes - position_)
    fail(*this, fmt::format("{} bytes are left, {} were expected", region_.bytes - position_,
                            bytes.size()));
  if (!inflater_) {
    file_->read(region_.offset + position_, bytes);
  } else if (const std::size_t count = inflater_->read(bytes); count < bytes.size()) {
    fail(*this, fmt::format("unpacking gave {} bytes, {} were expected", count, bytes.size()));
  }
  if (region_.crc) crc_ = extend_crc(crc_, bytes);
  hash_.add({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  position_ += std::ssize(bytes);
  if (position_ == region_.bytes) check_end();
}

void ByteStream::check_end() {
  std::array<std::byte, 1> more = {};
  if (inflater_ && inflater_->read(more) > 0)
    fail(*this, "there are more unpacked bytes than the archive's directory says");
  if (region_.crc && *region_.crc != crc_)
    fail(*this,
         fmt::format("the CRC-32 of its bytes is {:08x}, expected {:08x}", crc_, *region_.crc));
}

}  // namespace shardwright
