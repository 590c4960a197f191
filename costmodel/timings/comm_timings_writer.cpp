#include "costmodel/timings/comm_timings.hpp"
#include "costmodel/timings/csv.hpp"
#include "costmodel/timings/probe_columns.hpp"

#include <fmt/format.h>

namespace shardwright {

std::string comm_timings_header(const std::map<std::string, std::string>& metadata,
                                std::string_view more_columns) {
  std::string header = "# shardwright.timings/1\n# kind: comm\n";
  for (const auto& [key, value] : metadata) {
    if (key != "kind") header += fmt::format("# {}: {}\n", key, value);
  }
  header +=
      "hardware,link,library,operation,ranks,nodes,bytes,element_bytes,time_us,repeat,mean_bytes,"
      "wait_us";
  return fmt::format("{}{}{}\n", header, probe_columns(), more_columns);
}

std::string comm_timing_cells(const CommTiming& timing) {
  const CollectiveCall& call = timing.call;
  const std::string mean = call.mean_bytes > 0 ? fmt::format("{}", call.mean_bytes) : "";
  return fmt::format("{},{},{},{},{},{},{:.0f},{},{},{},{},{}{}", csv_cell(timing.setting.hardware),
                     csv_cell(timing.setting.link), csv_cell(timing.setting.library),
                     to_string(call.operation), call.ranks, call.nodes, call.bytes,
                     call.element_bytes, timing.time_us, timing.repeat, mean, call.wait_us,
                     probe_cells(timing.probe));
}

std::string comm_timings_to_csv(const CommTimings& timings) {
  std::string csv = comm_timings_header(timings.metadata, "");
  for (const CommTiming& row : timings.rows) csv += comm_timing_cells(row) + "\n";
  return csv;
}

std::vector<std::string> describe_drops(const CommTimings& timings, const std::string& file) {
  std::vector<std::string> sentences;
  for (const DroppedRows& rows : timings.dropped) {
    sentences.push_back(fmt::format("{}: {} row{} left out for {} (first: line {}).", file,
                                    rows.count, rows.count == 1 ? " was" : "s were", rows.reason,
                                    rows.first_line));
  }
  return sentences;
}

}  // namespace shardwright
