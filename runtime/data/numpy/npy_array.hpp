#pragma once

#include "runtime/data/numpy/byte_stream.hpp"
#include "runtime/data/numpy/npy_header.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace shardwright {

/// An array of numpy, [rows] or [rows, columns], read row by row. Memory: the larger of 64 KiB and
/// one row. Move-only.
class NpyArray {
 public:
  /// Throws InputError as read_npy_header() does, and for other shapes.
  explicit NpyArray(ByteStream stream);

  std::int64_t rows() const { return rows_; }
  std::int64_t columns() const { return columns_; }  ///< 1 without a second dimension
  const NpyType& type() const { return type_; }
  const std::string& name() const { return stream_.name(); }
  std::string hash() const { return stream_.hash(); }  ///< of the bytes read so far

  /// The next row. Throws InputError if it has been damaged; the call after the last row is an
  /// error of the caller. Integers are read from integers alone, of at most 63 bits.
  void next(std::vector<std::int64_t>& row);
  void next(std::vector<float>& row);

  /// Throws the InputError that a value of the row read last is not what was `expected`:
  /// "day_0_labels.npy: at byte 160: the value of sample 8 is 7, expected a label of 0 or 1".
  [[noreturn]] void reject(std::size_t column, std::string_view value,
                           std::string_view expected) const;

 private:
  template <class Number>
  void convert(std::vector<Number>& row);
  template <class Stored, class Number>
  void convert_from(std::vector<Number>& row) const;
  void fill();

  ByteStream stream_;
  NpyType type_;
  std::int64_t rows_ = 0;
  std::int64_t columns_ = 1;
  std::int64_t next_row_ = 0;
  std::int64_t first_byte_ = 0;    ///< of the first value
  std::vector<std::byte> buffer_;  ///< whole rows
  std::int64_t buffer_row_ = 0;    ///< the first row in it
  std::int64_t buffered_rows_ = 0;
};

/// The array of a .npy file. Throws InputError as NpyArray does.
NpyArray open_array(const std::string& file);

}  // namespace shardwright
