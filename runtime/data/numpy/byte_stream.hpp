#pragma once

#include "runtime/data/fnv.hpp"
#include "runtime/data/numpy/inflater.hpp"
#include "runtime/data/random_file.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace shardwright {

/// Where the bytes of an array lie: a whole file, or a member of a zip archive.
struct ByteRegion {
  std::string name;                  ///< for complaints: "day_0.npz: 3.npy"
  std::int64_t offset = 0;           ///< in the file
  std::int64_t stored_bytes = 0;     ///< in the file
  std::int64_t bytes = 0;            ///< once unpacked
  bool deflated = false;             ///< else stored as they are
  std::optional<std::uint32_t> crc;  ///< CRC-32 that the unpacked bytes must have
};

/// Reads a region from its begin to its end, unpacked. Memory: 64 KiB and zlib's window if the
/// region is deflated, else none. Move-only.
class ByteStream {
 public:
  ByteStream(std::shared_ptr<const RandomFile> file, ByteRegion region);

  const std::string& name() const { return region_.name; }
  std::int64_t position() const { return position_; }  ///< of the next byte, unpacked
  std::int64_t size() const { return region_.bytes; }

  /// Fills `bytes` with the next ones. With the last of the region their checksum, and that the
  /// packed form ends with them, are checked too. Throws InputError (name, position, cause).
  void read(std::span<std::byte> bytes);

  /// FNV-1a of what was read, unpacked.
  std::string hash() const { return hash_.text(); }

 private:
  void check_end();

  std::shared_ptr<const RandomFile> file_;
  ByteRegion region_;
  std::int64_t position_ = 0;
  std::uint32_t crc_ = 0;
  Fnv hash_;
  std::optional<Inflater> inflater_;
};

}  // namespace shardwright
