#include "runtime/measured/phase_timeline.hpp"

#include <algorithm>
#include <numeric>

namespace shardwright {
namespace {

double read_ms(const StepReport& rank) { return ms_of(rank.phase_ms, StepPhase::read); }

double sum_of(const PhaseMs& phases) { return std::accumulate(phases.begin(), phases.end(), 0.0); }

}  // namespace

std::vector<PhaseSpan> predicted_timeline(std::span<const RankPrediction> ranks) {
  std::vector<PhaseSpan> spans;
  double begin = 0;
  for (const PredictedPhase& phase : kPredictedPhases) {
    double longest = 0;
    for (std::size_t r = 0; r < ranks.size(); ++r) {
      const double ms = ranks[r].phases.*phase.predicted;
      spans.push_back({RankId::of(r), phase.measured, begin, ms});
      longest = std::max(longest, ms);
    }
    begin += longest;
  }
  return spans;
}

MeasuredTimeline::Step MeasuredTimeline::add(std::span<const StepReport> ranks, double end_ms) {
  Step step;
  step.after_read_ms = end_ms - sum_of(ranks.front().phase_ms) + read_ms(ranks.front());
  for (std::size_t r = 0; r < ranks.size(); ++r) {
    step.after_read_ms = std::max(step.after_read_ms, ends_ms_[r] + read_ms(ranks[r]));
  }
  for (std::size_t r = 0; r < ranks.size(); ++r) {
    double begin = step.after_read_ms - read_ms(ranks[r]);
    for (std::size_t i = 0; i < kStepPhaseNames.size(); ++i) {
      const double ms = ranks[r].phase_ms[i];
      step.spans.push_back({RankId::of(r), static_cast<StepPhase>(i), begin, ms});
      begin += ms;
    }
    ends_ms_[r] = begin;
  }
  return step;
}

}  // namespace shardwright
