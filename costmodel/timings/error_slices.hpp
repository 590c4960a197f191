#pragma once

#include "costmodel/timings/comm_timings.hpp"
#include "costmodel/timings/error_metrics.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace shardwright {

/// The errors of a part of the rows.
struct ErrorSlice {
  std::string by;    ///< "all", "size", "decade", "ranks", "nodes", "operation", "hardware",
                     ///< "library", "ranks are" (even or not, waiting or not; only where some are)
  std::string name;  ///< "1 MB up, without 4 to 16 MB", "8", "all_to_all" …
  ErrorSummary errors;
  /// exp(mean |ln(time / geometric mean of the repeats of the same call)|) − 1 over calls measured
  /// more than once: what no model can predict. Nothing if there are none.
  std::optional<double> repeat_scatter;
};

/// All rows, then by size (below 1 MB, from 1 MB up without and with 4 to 16 MB, where protocols
/// switch; 1 MB = 2^20 bytes), by decade of size, number of ranks, nodes (where some have several),
/// operation, hardware, library.
std::vector<ErrorSlice> slice_errors(std::span<const CommTiming> rows,
                                     std::span<const double> predicted_us);

}  // namespace shardwright
