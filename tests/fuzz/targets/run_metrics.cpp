#include "launch/run_report/run_report.hpp"
#include "tests/fuzz/targets.hpp"

#include <sstream>
#include <string>

namespace shardwright::fuzz {

// As `report` makes a page of a run's metrics.jsonl, up to the text that goes into the page.
void read_run_metrics(std::string_view input) {
  std::istringstream lines{std::string(input)};
  run_report_to_json(lines, "metrics.jsonl").dump();
}

}  // namespace shardwright::fuzz
