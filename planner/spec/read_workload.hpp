#pragma once

#include "costmodel/table.hpp"
#include "planner/spec/dlrm_lists.hpp"

#include <map>
#include <string>
#include <vector>

namespace shardwright {

/// Where the tables of a plan come from: a file, or DLRM's lists.
struct SpecSource {
  std::string file;       ///< tables JSON or CSV; "-" is standard input; empty: the lists
  std::string csv_model;  ///< which model of a CSV with several
  DlrmLists lists;        ///< embedding_dim also serves CSV rows without a dim
};

struct WorkloadReading {
  Workload workload;                          ///< batch_size 0 if the source does not say it
  std::vector<std::string> notes;             ///< assumptions and warnings, one sentence each
  std::map<std::string, std::string> inputs;  ///< file → fingerprint, for made_by
};

/// Reads and validates a table spec of any format. A file that begins with { or [ is JSON, else it
/// is CSV. Throws UsageError (options that contradict) or InputError (file, place, value, what was
/// expected).
WorkloadReading read_workload(const SpecSource& source);

}  // namespace shardwright
