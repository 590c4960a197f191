#pragma once

#include "costmodel/machine_probe.hpp"
#include "costmodel/table.hpp"
#include "costmodel/timings/comm_timings.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace shardwright {

/// One table of a measured set, or a shard of one, as the operator saw it.
struct MeasuredTable {
  std::int64_t rows = 0;
  std::int64_t dim = 0;
  double pooling = 0;         ///< mean ids per sample
  double skew = 0;            ///< of the Zipf law that drew the ids (zipf.hpp)
  std::int64_t features = 1;  ///< bags per sample, among which the pooling is spread
  /// Columns of the table of which the shard has `dim`, the others being other ranks'; 0: it has
  /// all.
  std::int64_t table_dim = 0;
  std::int64_t whole_dim() const { return table_dim != 0 ? table_dim : dim; }
  bool operator==(const MeasuredTable&) const = default;
};

/// One measurement of the fused embedding operator: a rank that holds all of `tables`.
struct ComputeTiming {
  std::string hardware;
  std::uint64_t seed = 0;  ///< of the profile; (seed, set) names a table set
  std::int64_t set = 0;
  std::int64_t variant = 0;  ///< which batch of the set, from 0
  std::int64_t repeat = 1;   ///< which of several runs of the same measurement
  std::int64_t batch_size = 0;
  OptimizerKind optimizer = OptimizerKind::rowwise_adagrad;
  std::int64_t busy_ranks = 1;      ///< that computed at the same time on the machine
  DataType dtype = DataType::fp32;  ///< of the weights
  std::vector<MeasuredTable> tables;
  double forward_ms = 0;   ///< median
  double backward_ms = 0;  ///< with the fused optimizer
  double forward_ci = 0;   ///< half the width of the median's 95 % interval, as a share of it
  double backward_ci = 0;
  std::int64_t passes = 0;
  std::int64_t outliers = 0;  ///< passes over 1.5 medians, either way
  MachineProbe probe;         ///< of the passes that count
  bool operator==(const ComputeTiming&) const = default;
};

struct ComputeTimings {
  std::map<std::string, std::string> metadata;  ///< "command", "date", "probe_copy_gb_s" …
  std::vector<ComputeTiming> rows;
  std::vector<DroppedRows> dropped;
};

/// The tables and batch of a measurement, with the reuse that the ids' law implies.
Workload workload_of(const ComputeTiming& timing);

/// Whether a text is in the schema of docs/timings.md and of kind compute.
bool is_compute_timings(std::string_view text);

/// Reads such a text. Throws InputError (file, line, column) as parse_comm_timings() does; rows
/// without positive finite times and a last line that is cut off are dropped and counted.
ComputeTimings parse_compute_timings(std::string_view text, const std::string& file);

/// Schema, kind, metadata and the names of the columns, each line with its newline.
std::string compute_timings_header(const std::map<std::string, std::string>& metadata);
/// One line, with its newline.
std::string compute_timing_line(const ComputeTiming& timing);

}  // namespace shardwright
