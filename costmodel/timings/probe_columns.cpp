#include "costmodel/timings/probe_columns.hpp"

#include <fmt/format.h>

#include <optional>

namespace shardwright {

std::string probe_columns() {
  std::string columns;
  for (std::size_t k = 0; k < kNumProbes; ++k) columns += fmt::format(",{}", probe_column(k));
  return columns;
}

MachineProbe read_probe(const RowReader& row) {
  MachineProbe probe;
  for (std::size_t k = 0; k < kNumProbes; ++k) {
    const std::string column = probe_column(k);
    const std::optional<double> rate = row.number(column);
    if (k > 0 && rate.has_value() != probe.known()) {
      row.fail(column, "a rate where the other two are, else nothing");
    }
    if (!rate) continue;
    if (!(*rate >= kLeastProbe && *rate <= kMostProbe)) row.fail(column, "a positive rate");
    probe.rates[k] = *rate;
  }
  return probe;
}

std::string probe_cells(const MachineProbe& probe) {
  std::string cells;
  for (const double rate : probe.rates) cells += probe.known() ? fmt::format(",{:.4g}", rate) : ",";
  return cells;
}

}  // namespace shardwright
