#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace shardwright {

/// One line of a CSV text: its cells, and where it stands (from 1), for messages.
struct CsvLine {
  std::size_t number = 0;
  std::vector<std::string> cells;
};

/// The cells of a comma-separated text: quotes around a cell keep commas, "" inside them is one
/// quote. Lines that are empty or start with '#' are left out; a final line without its newline is
/// kept. A quote that never closes ends with its line.
std::vector<CsvLine> parse_csv(std::string_view text);

/// A cell as it must be written: quoted if it holds a comma, a quote or a line break.
std::string csv_cell(std::string_view text);

/// Splits a text into lines; neither "\n" nor "\r\n" stays in them.
std::vector<std::string_view> split_lines(std::string_view text);

}  // namespace shardwright
