#include "runtime/measured/measured_cost_model.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace shardwright {
namespace {

/// Measured over predicted where something is predicted; in the order of ranks, 0 where not.
std::vector<double> ratios_of(std::span<const RankPrediction> predicted,
                              std::span<const PhaseMs> measured, const PredictedPhase& phase) {
  std::vector<double> ratios;
  for (std::size_t r = 0; r < predicted.size(); ++r) {
    const double ms = predicted[r].phases.*phase.predicted;
    ratios.push_back(ms > 0 ? ms_of(measured[r], phase.measured) / ms : 0);
  }
  return ratios;
}

double least_positive(const std::vector<double>& ratios) {
  double least = 0;
  for (const double ratio : ratios) {
    if (ratio > 0 && (least == 0 || ratio < least)) least = ratio;
  }
  return least;
}

double mean_positive(const std::vector<double>& ratios) {
  double sum = 0;
  double count = 0;
  for (const double ratio : ratios) {
    sum += ratio;
    count += ratio > 0 ? 1 : 0;
  }
  return count > 0 ? sum / count : 0;
}

/// Ranks without a ratio of their own are taken to be like the others, and 1 if nothing is known.
std::vector<double> factors_of(std::vector<double> ratios, bool communication) {
  const double common = communication ? least_positive(ratios) : mean_positive(ratios);
  for (double& ratio : ratios) {
    if (communication || ratio <= 0) ratio = common > 0 ? common : 1;
  }
  return ratios;
}

}  // namespace

MeasuredCostModel::MeasuredCostModel(const CostModel& base,
                                     std::span<const RankPrediction> predicted,
                                     std::span<const PhaseMs> measured)
    : base_(base),
      provenance_(fmt::format("{}, corrected by the job's own times", base.provenance())),
      factors_(predicted.size()) {
  for (const PredictedPhase& phase : kPredictedPhases) {
    const auto factors = factors_of(ratios_of(predicted, measured, phase), phase.communication);
    for (std::size_t r = 0; r < factors.size(); ++r) factors_[r].*phase.predicted = factors[r];
  }
}

std::vector<PhaseTimes> MeasuredCostModel::price(const Workload& workload, const Topology& topology,
                                                 std::span<const Shard> shards) const {
  std::vector<PhaseTimes> times = base_.price(workload, topology, shards);
  for (std::size_t r = 0; r < std::min(times.size(), factors_.size()); ++r) {
    for (const PredictedPhase& phase : kPredictedPhases) {
      times[r].*phase.predicted *= factors_[r].*phase.predicted;
    }
  }
  return times;
}

}  // namespace shardwright
