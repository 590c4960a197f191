#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace shardwright {

/// A table of at most 120 columns for people.
struct TextTable {
  struct Column {
    std::string title;
    bool to_right = true;     ///< numbers
    std::size_t most = 1000;  ///< longer cells are cut and end in …
  };
  std::vector<Column> columns;  ///< the last one wraps where the line is full
  std::vector<std::vector<std::string>> rows;
};

/// Lines of equal column widths, two blanks between columns, no blanks at the ends of lines. Counts
/// a code point as one column, and shows control characters as ?.
std::string format_table(TextTable table);

}  // namespace shardwright
