#include "costmodel/compute/compute_dataset.hpp"
#include "costmodel/timings/comm_timings.hpp"
#include "costmodel/timings/compute_timings.hpp"
#include "tests/fuzz/targets.hpp"

namespace shardwright::fuzz {

// Our CSV, nccl-tests' text and JSON, and CSV with its columns: told apart by what they hold.
void read_comm_timings(std::string_view input) {
  const CommTimings timings = parse_comm_timings(input, "input");
  describe_drops(timings, "input");
  parse_comm_timings(comm_timings_to_csv(timings), "again.csv");
}

void read_compute_timings(std::string_view input) {
  const ComputeTimings timings = parse_compute_timings(input, "input.csv");
  for (const ComputeTiming& row : timings.rows) {
    compute_timing_line(row);
    if (row.tables.size() < 5) ComputeExample{row};
  }
}

}  // namespace shardwright::fuzz
