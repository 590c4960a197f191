#include "runtime/data/cell.hpp"

#include "costmodel/errors.hpp"

#include <fmt/format.h>

#include <charconv>
#include <system_error>

namespace shardwright {
namespace {

// from_chars over the whole text; false if anything is left or out of range.
template <class T, class... Format>
bool parse_whole(std::string_view text, T& value, Format... format) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, format...);
  return error == std::errc() && stop == end;
}

}  // namespace

std::string quote(std::string_view text) {
  constexpr std::size_t kLongest = 40;
  std::string quoted = "\"";
  for (const char c : text.substr(0, kLongest)) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      quoted += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    else
      quoted += c;
  }
  return quoted + (text.size() > kLongest ? "…\"" : "\"");
}

void reject(const Cell& cell, std::string_view expected) {
  throw InputError(fmt::format("{}:{}:{}: {} is {}, expected {}.", cell.file, cell.line,
                               cell.column, cell.name, quote(cell.text), expected));
}

std::int64_t parse_integer(const Cell& cell, std::int64_t least, std::int64_t most) {
  std::int64_t value = 0;
  if (!parse_whole(cell.text, value) || value < least || value > most)
    reject(cell, fmt::format("a whole number from {} to {}", least, most));
  return value;
}

double parse_number(const Cell& cell, double least, double most) {
  double value = 0;
  if (!parse_whole(cell.text, value) || !(value >= least && value <= most))
    reject(cell, fmt::format("a number from {} to {}", least, most));
  return value;
}

std::uint64_t parse_hexadecimal(const Cell& cell) {
  std::uint64_t value = 0;
  if (cell.text.size() > 16 || !parse_whole(cell.text, value, 16))
    reject(cell, "1 to 16 hexadecimal digits");
  return value;
}

}  // namespace shardwright
