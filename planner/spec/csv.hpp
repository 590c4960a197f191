#pragma once

#include "planner/input_file.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace shardwright {

/// One record of a CSV file.
struct CsvRow {
  std::int64_t line = 0;  ///< where it begins, counted from 1
  std::vector<std::string> cells;
};

/// A CSV file with a header line (RFC 4180: commas, double quotes; CRLF, a byte order mark and
/// blank lines are accepted). Cells and names are stripped of surrounding blanks.
struct CsvDocument {
  std::vector<std::string> header;  ///< column names in lower case
  std::vector<CsvRow> rows;         ///< each as wide as the header
  std::optional<std::size_t> column(std::string_view name) const;
};

/// Throws InputError (file, line) for an unclosed quote, a row of another width than the header, a
/// column named twice, or no header.
CsvDocument parse_csv(const InputFile& input);

}  // namespace shardwright
