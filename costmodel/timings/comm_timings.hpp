#pragma once

#include "costmodel/machine_probe.hpp"
#include "costmodel/timings/collective.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace shardwright {

/// One measured time.
struct CommTiming {
  CommSetting setting;
  CollectiveCall call;
  double time_us = 0;
  std::int64_t repeat = 1;  ///< which of several runs of the same call
  MachineProbe probe = {};  ///< of the ranks' cores meanwhile; unknown where nobody measured
  bool operator==(const CommTiming&) const = default;
};

/// Rows that were left out, and why: never silently.
struct DroppedRows {
  std::string reason;  ///< "a line that is cut off"
  std::size_t count = 0;
  std::size_t first_line = 0;  ///< in the file, from 1
};

struct CommTimings {
  std::map<std::string, std::string> metadata;  ///< "source", "command", "date", "driver" …
  std::vector<CommTiming> rows;
  std::vector<DroppedRows> dropped;
};

/// What a foreign file may leave unsaid. Given values win over the file's.
struct ImportSettings {
  std::optional<CollectiveKind> operation;
  std::string hardware;
  std::string link;
  std::string library;
};

/// Reads a text in the schema of docs/timings.md ("# shardwright.timings/1"), the output of
/// nccl-tests as text or JSON (-J), or a CSV with nccl-tests' columns; which one is seen from the
/// content. Throws InputError for text that is not UTF-8, another schema, compute timings,
/// unreadable numbers, lines of the wrong length and files without a usable row; rows without a
/// positive finite time and a last line that is cut off are dropped and counted. `file` is for
/// messages.
CommTimings parse_comm_timings(std::string_view text, const std::string& file,
                               const ImportSettings& settings = {});

/// The rows in the schema of docs/timings.md.
std::string comm_timings_to_csv(const CommTimings& timings);
/// The lines before the first row: schema, kind, metadata, and the columns of comm_timing_cells(),
/// then `more_columns` ("" or ",seed,call").
std::string comm_timings_header(const std::map<std::string, std::string>& metadata,
                                std::string_view more_columns);
/// One row's cells, without a line break.
std::string comm_timing_cells(const CommTiming& timing);

/// One sentence per reason: "x.csv: 3 rows were left out: … (first in line 12)."
std::vector<std::string> describe_drops(const CommTimings& timings, const std::string& file);

}  // namespace shardwright
