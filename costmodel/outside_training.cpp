#include "costmodel/outside_training.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <functional>
#include <vector>

namespace shardwright {
namespace {

using Notes = std::vector<std::string>;

bool outside(const Range& seen, double value) { return value < seen.least || value > seen.most; }

std::string words(const Range& seen) { return fmt::format("{:g} to {:g}", seen.least, seen.most); }

// "3 tables by their rows (fitted to 100 to 1e+07)"
void note_tables(const ComputeModel& model, const std::string& range, std::string_view what,
                 const Workload& workload, const std::function<double(const Table&)>& value,
                 Notes& notes) {
  const auto seen = model.training.ranges.find(range);
  if (seen == model.training.ranges.end()) return;
  const auto count =
      std::count_if(workload.tables.begin(), workload.tables.end(),
                    [&](const Table& table) { return outside(seen->second, value(table)); });
  if (count == 0) return;
  notes.push_back(fmt::format("{} of {} tables by their {} (fitted to {})", count,
                              workload.tables.size(), what, words(seen->second)));
}

void note_number(const Range& seen, double value, std::string_view what, Notes& notes) {
  if (!outside(seen, value)) return;
  notes.push_back(fmt::format("{:g} {} (fitted to {})", value, what, words(seen)));
}

void note_compute(const ComputeModel& model, const Workload& workload, const Topology& topology,
                  Notes& notes) {
  note_tables(
      model, "table_rows", "rows", workload,
      [](const Table& table) { return static_cast<double>(table.rows); }, notes);
  note_tables(
      model, "dim", "width", workload,
      [](const Table& table) { return static_cast<double>(table.dim); }, notes);
  note_tables(
      model, "pooling", "pooling", workload, [](const Table& table) { return table.pooling; },
      notes);
  const auto number = [&](const std::string& range, double value, std::string_view what) {
    const auto seen = model.training.ranges.find(range);
    if (seen != model.training.ranges.end()) note_number(seen->second, value, what, notes);
  };
  number("batch", static_cast<double>(workload.batch_size), "samples a step");
  const double on_rank =
      static_cast<double>(workload.tables.size()) / static_cast<double>(topology.size());
  number("tables", std::max(on_rank, 1.0), "tables a rank");
  constexpr std::array<std::string_view, kNumProbes> kRates = {
      "GB/s of copying", "GB/s of random reads", "GFLOP/s of multiply-adds"};
  for (std::size_t k = 0; k < kNumProbes && topology.probe.known(); ++k) {
    number(probe_column(k), topology.probe.rates[k], kRates[k]);
  }
}

}  // namespace

std::string outside_training(const FittedParts& parts, const Workload& workload,
                             const Topology& topology) {
  Notes notes;
  if (parts.compute) note_compute(*parts.compute, workload, topology, notes);
  if (parts.comm) {
    note_number(parts.comm->training.ranks, static_cast<double>(topology.size()), "ranks", notes);
  }
  if (notes.empty()) return {};
  return fmt::format("outside of what the cost model was fitted to, prices are guesses: {}.",
                     fmt::join(notes, ", "));
}

}  // namespace shardwright
