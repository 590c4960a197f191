#pragma once

#include "runtime/data/cell.hpp"
#include "runtime/data/line_reader.hpp"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace shardwright {

/// Reads a comma-separated file with a header (RFC 4180: a field in double quotes may hold commas,
/// line ends, and "" for one quote). All complaints are InputErrors with file, line and column.
class CsvReader {
 public:
  explicit CsvReader(const std::string& path);

  /// Position of the column that has one of `names`; InputError listing the header if none has.
  std::size_t column(std::initializer_list<std::string_view> names) const;

  /// Reads the next record; false at the end. It must have as many fields as the header.
  bool next();
  /// A field of the last record, by position; valid until the next call of next().
  Cell cell(std::size_t column) const;
  std::string hash() const { return lines_.hash(); }

 private:
  bool read_record(std::vector<std::string>& fields);
  void add_line(std::string_view line, std::vector<std::string>& fields, bool& quoted) const;

  LineReader lines_;
  std::vector<std::string> header_;
  std::vector<std::string> fields_;
  std::int64_t first_line_ = 0;  ///< of the last record
};

}  // namespace shardwright
