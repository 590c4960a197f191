#pragma once

#include "runtime/data/dataset_writer.hpp"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace shardwright {

inline constexpr std::size_t kCriteoIntegers = 13;
inline constexpr std::size_t kCriteoIds = 26;

/// Turns one line of the Criteo format, 40 fields separated by tabs, into `sample`:
///   label            0 or 1
///   I1 … I13         whole numbers; x ≥ 0 becomes ln(x + 1), x < 0 and an empty field 0
///   C1 … C26         hexadecimal ids, see criteo_row()
/// `rows` are the rows of the 26 tables. Throws InputError with file, line and field.
void parse_criteo_line(std::string_view line, std::string_view file, std::int64_t line_number,
                       const std::vector<std::int64_t>& rows, Sample& sample);

/// The row of a table with `rows` rows that an id falls on: 1 + SplitMix64::mix(id) mod (rows − 1),
/// so that row 0 stays for empty fields; 0 if there is but one row.
std::int64_t criteo_row(std::uint64_t id, std::int64_t rows);

std::span<const std::string_view> criteo_integer_names();  ///< I1 … I13
std::span<const std::string_view> criteo_id_names();       ///< C1 … C26

}  // namespace shardwright
