#include "runtime/metrics/phase_report.hpp"

#include <algorithm>

namespace shardwright {

double PhaseReport::mean_ms(std::size_t rank, StepPhase phase) const {
  if (steps == 0) return 0;
  return ms_of_ranks[rank][static_cast<std::size_t>(phase)] / static_cast<double>(steps);
}

PhaseReport& PhaseReport::operator+=(const PhaseReport& other) {
  steps += other.steps;
  ms_of_ranks.resize(std::max(ms_of_ranks.size(), other.ms_of_ranks.size()));
  for (std::size_t rank = 0; rank < other.ms_of_ranks.size(); ++rank) {
    const PhaseMs& more = other.ms_of_ranks[rank];
    for (std::size_t phase = 0; phase < more.size(); ++phase) {
      ms_of_ranks[rank][phase] += more[phase];
    }
  }
  return *this;
}

PhaseSpread spread_of(const PhaseReport& report, StepPhase phase) {
  const std::size_t ranks = report.ms_of_ranks.size();
  if (ranks == 0) return {};
  const double first = report.mean_ms(0, phase);
  PhaseSpread spread{.min_ms = first, .mean_ms = 0, .max_ms = first, .slowest = 0};
  for (std::size_t rank = 0; rank < ranks; ++rank) {
    const double ms = report.mean_ms(rank, phase);
    spread.min_ms = std::min(spread.min_ms, ms);
    spread.mean_ms += ms / static_cast<double>(ranks);
    if (ms > spread.max_ms) spread.slowest = rank;
    spread.max_ms = std::max(spread.max_ms, ms);
  }
  return spread;
}

}  // namespace shardwright
