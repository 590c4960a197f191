#include "runtime/data/numpy/npy_array.hpp"

#include "costmodel/errors.hpp"
#include "runtime/embedding/number_format.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace shardwright {
namespace {

constexpr std::int64_t kBufferBytes = std::int64_t{64} << 10;
constexpr std::int64_t kMostColumns = std::int64_t{1} << 16;

template <class Number, class Stored>
Number converted(Stored value) {
  if constexpr (std::is_same_v<Stored, Fp16>) {
    return static_cast<Number>(to_float(value));
  } else {
    return static_cast<Number>(value);
  }
}

}  // namespace

NpyArray::NpyArray(ByteStream stream) : stream_(std::move(stream)) {
  const NpyHeader header = read_npy_header(stream_);
  const std::vector<std::int64_t>& shape = header.shape;
  type_ = header.type;
  first_byte_ = stream_.position();
  const bool fits =
      shape.size() == 1 || (shape.size() == 2 && shape[1] >= 1 && shape[1] <= kMostColumns);
  if (!fits)
    throw InputError(
        fmt::format("{}: the shape is ({}), expected (samples,) or (samples, 1 to {} columns).",
                    name(), fmt::join(shape, ", "), kMostColumns));
  rows_ = shape[0];
  if (shape.size() == 2) columns_ = shape[1];
}

// The next whole rows into the buffer.
void NpyArray::fill() {
  if (next_row_ == rows_) throw std::out_of_range(name() + " has no more rows");
  const std::int64_t row_bytes = columns_ * type_.bytes;
  buffer_row_ = next_row_;
  buffered_rows_ = std::min(rows_ - next_row_, std::max<std::int64_t>(kBufferBytes / row_bytes, 1));
  buffer_.resize(static_cast<std::size_t>(buffered_rows_ * row_bytes));
  stream_.read(buffer_);
}

template <class Stored, class Number>
void NpyArray::convert_from(std::vector<Number>& row) const {
  const std::int64_t begin = (next_row_ - buffer_row_) * columns_ * type_.bytes;
  const std::byte* from = buffer_.data() + begin;
  row.resize(static_cast<std::size_t>(columns_));
  for (Number& number : row) {
    Stored value{};
    std::memcpy(&value, from, sizeof(Stored));
    from += sizeof(Stored);
    number = converted<Number>(value);
  }
}

template <class Number>
void NpyArray::convert(std::vector<Number>& row) {
  if (next_row_ == buffer_row_ + buffered_rows_) fill();
  const auto is = [this](char kind, std::int64_t bytes) {
    return type_.kind == kind && type_.bytes == bytes;
  };
  if (is('i', 1)) convert_from<std::int8_t>(row);
  if (is('b', 1) || is('u', 1)) convert_from<std::uint8_t>(row);
  if (is('i', 2)) convert_from<std::int16_t>(row);
  if (is('u', 2)) convert_from<std::uint16_t>(row);
  if (is('i', 4)) convert_from<std::int32_t>(row);
  if (is('u', 4)) convert_from<std::uint32_t>(row);
  if (is('i', 8)) convert_from<std::int64_t>(row);
  if (is('u', 8)) convert_from<std::uint64_t>(row);
  if constexpr (std::is_same_v<Number, float>) {
    if (is('f', 2)) convert_from<Fp16>(row);
    if (is('f', 4)) convert_from<float>(row);
    if (is('f', 8)) convert_from<double>(row);
  }
  ++next_row_;
}

void NpyArray::next(std::vector<std::int64_t>& row) {
  if (!type_.is_integer())
    throw InputError(
        fmt::format("{}: its values are float{}, expected integers.", name(), 8 * type_.bytes));
  convert(row);
}

void NpyArray::next(std::vector<float>& row) { convert(row); }

void NpyArray::reject(std::size_t column, std::string_view value, std::string_view expected) const {
  const std::int64_t position = (next_row_ - 1) * columns_ + static_cast<std::int64_t>(column);
  throw InputError(fmt::format("{}: at byte {}: the value of sample {}{} is {}, expected {}.",
                               name(), first_byte_ + position * type_.bytes, next_row_ - 1,
                               columns_ == 1 ? "" : fmt::format(", column {},", column), value,
                               expected));
}

NpyArray open_array(const std::string& path) {
  const auto file = std::make_shared<const RandomFile>(path);
  return NpyArray(ByteStream(file, {.name = path,
                                    .offset = 0,
                                    .stored_bytes = file->size(),
                                    .bytes = file->size(),
                                    .deflated = false,
                                    .crc = {}}));
}

}  // namespace shardwright
