#pragma once

#include "runtime/data/numpy/byte_stream.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace shardwright {

/// Numbers as numpy has them, little-endian: 'b' (bool), 'i', 'u', 'f' and the bytes of one.
struct NpyType {
  char kind = 'f';
  std::int64_t bytes = 4;
  bool is_integer() const { return kind != 'f'; }
};

/// What stands before the values of a .npy file.
struct NpyHeader {
  NpyType type;
  std::vector<std::int64_t> shape;
};

/// Reads the header of format version 1.0, 2.0 or 3.0, and leaves the stream at the first value.
/// Throws InputError (name, place, value, what was expected) for a malformed header, a type that is
/// no number, Fortran's order, and more or fewer values than the shape has.
NpyHeader read_npy_header(ByteStream& stream);

/// The dictionary of a header: `{'descr': '<i4', 'fortran_order': False, 'shape': (3, 26), }`.
/// `name` and `place`, where the text begins, are for complaints.
NpyHeader parse_npy_header(std::string_view text, const std::string& name, std::int64_t place);

}  // namespace shardwright
