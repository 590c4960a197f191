#include "costmodel/outside_training.hpp"

#include "costmodel/memory_domains.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <vector>

namespace shardwright {
namespace {

using Notes = std::vector<std::string>;

constexpr std::array<std::string_view, kNumProbes> kRates = {
    "GB/s of copying", "GB/s of random reads", "GFLOP/s of multiply-adds"};

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

// "2 tables by their optimizer adam (fitted to adagrad, sgd)"
template <class Value>
void note_kinds(const std::set<std::string>& seen, std::string_view what, const Workload& workload,
                Value value, Notes& notes) {
  if (seen.empty()) return;
  std::map<std::string, std::int64_t> counts;
  for (const Table& table : workload.tables) {
    const std::string kind(to_string(value(table)));
    if (!seen.contains(kind)) ++counts[kind];
  }
  for (const auto& [kind, count] : counts) {
    notes.push_back(fmt::format("{} of {} tables by their {} {} (fitted to {})", count,
                                workload.tables.size(), what, kind, fmt::join(seen, ", ")));
  }
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
  note_kinds(
      model.training.optimizers, "optimizer", workload,
      [](const Table& table) { return table.optimizer; }, notes);
  note_kinds(
      model.training.formats, "weights in", workload,
      [](const Table& table) { return table.dtype; }, notes);
  const auto number = [&](const std::string& range, double value, std::string_view what) {
    const auto seen = model.training.ranges.find(range);
    if (seen != model.training.ranges.end()) note_number(seen->second, value, what, notes);
  };
  number("batch", static_cast<double>(workload.batch_size), "samples a step");
  if (model.device == "cpu") {  // a GPU has a memory of its own
    const std::vector<double> ranks = ranks_on_memory(topology);
    number("busy_ranks", *std::max_element(ranks.begin(), ranks.end()), "ranks that share memory");
  }
  const double on_rank =
      static_cast<double>(workload.tables.size()) / static_cast<double>(topology.size());
  number("tables", std::max(on_rank, 1.0), "tables a rank");
  for (std::size_t k = 0; k < kNumProbes && topology.probe.known(); ++k) {
    number(probe_column(k), topology.probe.rates[k], kRates[k]);
  }
}

// What a timing has of that of which a model keeps a range.
struct Measured {
  std::string range;
  std::string_view what;
  std::vector<double> values;
};

std::vector<Measured> measured_in(const ComputeTiming& timing) {
  std::vector<Measured> all = {
      {"table_rows", "rows of tables", {}},
      {"dim", "width of tables", {}},
      {"pooling", "pooling", {}},
      {"batch", "samples", {static_cast<double>(timing.batch_size)}},
      {"tables", "tables", {static_cast<double>(timing.tables.size())}},
      {"busy_ranks", "busy ranks", {static_cast<double>(timing.busy_ranks)}}};
  for (const MeasuredTable& table : timing.tables) {
    all[0].values.push_back(static_cast<double>(table.rows));
    all[1].values.push_back(static_cast<double>(table.dim));
    all[2].values.push_back(table.pooling);
  }
  for (std::size_t k = 0; k < kNumProbes && timing.probe.known(); ++k) {
    all.push_back({probe_column(k), kRates[k], {timing.probe.rates[k]}});
  }
  return all;
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

std::vector<std::string> outside_training(const ComputeModel& model, const ComputeTiming& timing) {
  Notes notes;
  const std::set<std::string>& hardware = model.training.hardware;
  if (!hardware.contains(timing.hardware)) {
    notes.push_back(fmt::format("hardware {} ({})", timing.hardware, fmt::join(hardware, ", ")));
  }
  const auto note_kind = [&](const std::set<std::string>& seen, std::string_view kind) {
    if (seen.empty() || seen.contains(std::string(kind))) return;
    notes.push_back(fmt::format("{} ({})", kind, fmt::join(seen, ", ")));
  };
  note_kind(model.training.optimizers, to_string(timing.optimizer));
  note_kind(model.training.formats, to_string(timing.dtype));
  for (const Measured& measured : measured_in(timing)) {
    const auto seen = model.training.ranges.find(measured.range);
    if (seen == model.training.ranges.end()) continue;
    const auto is_outside = [&](double value) { return outside(seen->second, value); };
    if (std::any_of(measured.values.begin(), measured.values.end(), is_outside)) {
      notes.push_back(fmt::format("{} ({})", measured.what, words(seen->second)));
    }
  }
  return notes;
}

}  // namespace shardwright
