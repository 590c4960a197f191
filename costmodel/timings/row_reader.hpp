#pragma once

#include "costmodel/timings/comm_timings.hpp"
#include "costmodel/timings/csv.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace shardwright {

/// One line of a table with a header: cells by column name, complaints by file, line and column.
class RowReader {
 public:
  /// Borrows all but the name of the file.
  RowReader(std::string file, const std::map<std::string, std::size_t>& columns,
            const CsvLine& line)
      : file_(std::move(file)), columns_(&columns), line_(&line) {}

  /// Empty if there is no such column, or the line ends before it.
  std::string_view text(std::string_view column) const;
  /// Nothing for an absent or empty cell; InputError for one that is no whole number in the range.
  std::optional<std::int64_t> integer(std::string_view column, std::int64_t least,
                                      std::int64_t most) const;
  std::optional<double> number(std::string_view column) const;  ///< may be NaN, infinite, negative
  std::size_t line() const { return line_->number; }
  [[noreturn]] void fail(std::string_view column, std::string_view expected) const;

 private:
  std::string file_;
  const std::map<std::string, std::size_t>* columns_;
  const CsvLine* line_;
};

/// Counts a left-out row.
void drop(CommTimings& timings, std::string_view reason, std::size_t line);

/// Keeps a row with a usable time; drops and counts any other.
void keep_or_drop(CommTimings& timings, CommTiming row, std::size_t line);

/// Bytes of an element of the type that nccl-tests calls "half", "float", "int8" …; nothing if
/// unknown.
std::optional<std::int64_t> bytes_of_type(std::string_view name);

/// The collective that nccl-tests calls "alltoall", "all_reduce_perf" …; nothing if it is none of
/// ours.
std::optional<CollectiveKind> nccl_tests_operation(std::string_view name);

}  // namespace shardwright
