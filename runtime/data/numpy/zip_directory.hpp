#pragma once

#include "runtime/data/numpy/byte_stream.hpp"
#include "runtime/data/random_file.hpp"

#include <string>
#include <vector>

namespace shardwright {

/// A file in a zip archive.
struct ZipMember {
  std::string name;
  ByteRegion region;
};

struct ZipDirectory {
  std::vector<ZipMember> members;  ///< in the archive's order
  std::string hash;                ///< FNV-1a of the directory, which has the members' checksums
};

/// The directory of a zip archive, also of one over 4 GiB (zip64). Members are stored or deflated.
/// Throws InputError (path, place, value, what was expected) for a damaged archive, for a member
/// that is encrypted or packed otherwise, and for one that does not lie within the file.
ZipDirectory read_zip_directory(const RandomFile& file);

}  // namespace shardwright
