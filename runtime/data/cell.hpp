#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace shardwright {

/// One field of a text file and where it stands, so that a complaint can name the place. Borrows
/// everything.
struct Cell {
  std::string_view file;
  std::int64_t line = 0;    ///< from 1
  std::int64_t column = 0;  ///< from 1, counting fields
  std::string_view name;    ///< of the column
  std::string_view text;
};

/// Throws InputError: `day.tsv:7:15: C1 is "zz", expected …`.
[[noreturn]] void reject(const Cell& cell, std::string_view expected);

/// The whole text as a number in [least, most], or reject().
std::int64_t parse_integer(const Cell& cell, std::int64_t least, std::int64_t most);
double parse_number(const Cell& cell, double least, double most);
/// 1 to 16 hexadecimal digits.
std::uint64_t parse_hexadecimal(const Cell& cell);

/// `text` in quotes, cut to 40 bytes, bytes that do not print as \xNN.
std::string quote(std::string_view text);

}  // namespace shardwright
