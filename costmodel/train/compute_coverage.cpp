#include "costmodel/train/compute_coverage.hpp"

#include <algorithm>
#include <string>

namespace shardwright {
namespace {

void widen(Range& range, double value) {
  range.least = std::min(range.least, value);
  range.most = std::max(range.most, value);
}

}  // namespace

ComputeTraining compute_coverage(const ComputeExamples& examples) {
  ComputeTraining training;
  training.rows = examples.size();
  const auto see = [&](const std::string& what, double value) {
    widen(training.ranges.try_emplace(what, Range{value, value}).first->second, value);
  };
  for (const auto& example : examples) {
    const ComputeTiming& timing = example->timing;
    training.hardware.insert(timing.hardware);
    training.formats.emplace(to_string(timing.dtype));
    training.optimizers.emplace(to_string(timing.optimizer));
    see("tables", static_cast<double>(timing.tables.size()));
    see("batch", static_cast<double>(timing.batch_size));
    see("busy_ranks", static_cast<double>(timing.busy_ranks));
    for (std::size_t k = 0; k < kNumProbes && timing.probe.known(); ++k) {
      see(probe_column(k), timing.probe.rates[k]);
    }
    for (const MeasuredTable& table : timing.tables) {
      see("table_rows", static_cast<double>(table.rows));
      see("dim", static_cast<double>(table.dim));
      see("pooling", table.pooling);
    }
  }
  return training;
}

}  // namespace shardwright
