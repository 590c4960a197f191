#include "runtime/measured/stragglers.hpp"

#include <algorithm>
#include <numeric>
#include <optional>

namespace shardwright {
namespace {

constexpr double kSlow = 1.5;         // times what is expected
constexpr double kLeastShare = 0.05;  // of a step, that is lost

double longest_step_ms(std::span<const PhaseMs> measured) {
  double longest = 0;
  for (const PhaseMs& ms : measured) {
    longest = std::max(longest, std::accumulate(ms.begin(), ms.end(), 0.0));
  }
  return longest;
}

std::optional<double> median(std::vector<double> values) {
  if (values.empty()) return std::nullopt;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// What rank `r` should take for work of `work[r]` units, by the times that others take per unit.
std::optional<double> expected_ms(std::span<const double> work, std::span<const PhaseMs> measured,
                                  StepPhase phase, std::size_t r) {
  std::vector<double> per_unit;
  for (std::size_t other = 0; other < measured.size(); ++other) {
    if (other != r && work[other] > 0) {
      per_unit.push_back(ms_of(measured[other], phase) / work[other]);
    }
  }
  const std::optional<double> typical = median(std::move(per_unit));
  if (!typical || work[r] <= 0) return std::nullopt;
  return *typical * work[r];
}

void add_slow(std::span<const double> work, std::span<const PhaseMs> measured, StepPhase phase,
              std::vector<Straggler>& found) {
  const double least_lost = kLeastShare * longest_step_ms(measured);
  for (std::size_t r = 0; r < measured.size(); ++r) {
    const double ms = ms_of(measured[r], phase);
    const std::optional<double> expected = expected_ms(work, measured, phase, r);
    if (!expected || ms <= kSlow * *expected || ms - *expected <= least_lost) continue;
    found.push_back({RankId::of(r), phase, ms, *expected});
  }
}

std::vector<double> predicted_work(std::span<const RankPrediction> ranks,
                                   const PredictedPhase& phase) {
  std::vector<double> work;
  work.reserve(ranks.size());
  for (const RankPrediction& rank : ranks) work.push_back(rank.phases.*phase.predicted);
  return work;
}

}  // namespace

std::vector<Straggler> find_stragglers(std::span<const RankPrediction> predicted,
                                       std::span<const PhaseMs> measured) {
  std::vector<Straggler> found;
  for (const PredictedPhase& phase : kPredictedPhases) {
    if (phase.communication || predicted.empty()) continue;
    add_slow(predicted_work(predicted, phase), measured, phase.measured, found);
  }
  add_slow(std::vector<double>(measured.size(), 1.0), measured, StepPhase::dense, found);
  std::stable_sort(found.begin(), found.end(), [](const Straggler& a, const Straggler& b) {
    return a.measured_ms - a.expected_ms > b.measured_ms - b.expected_ms;
  });
  return found;
}

}  // namespace shardwright
