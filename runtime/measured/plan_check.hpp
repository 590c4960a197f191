#pragma once

#include "planner/plan.hpp"
#include "runtime/measured/predicted_phases.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace shardwright {

/// A rank that the others wait for, and what makes it so.
struct SlowRank {
  RankId rank{0};
  std::string host;
  StepPhase phase = StepPhase::lookup;
  double measured_ms = 0;
  double expected_ms = 0;  ///< of the slowest rank: the mean rank's; of a straggler: stragglers.hpp
  std::string table;       ///< that has most of the phase by the prediction; "" if none has
  double table_share = 0;  ///< of the rank's phase, by the prediction
};

/// A change of one table's placement, judged by the job's own times.
struct PlanChange {
  std::string table;
  std::string placement;     ///< placement_words()
  double difference_ms = 0;  ///< of a step; negative
  double share = 0;          ///< of the step
};

/// A plan beside what a job on it measured.
struct PlanCheck {
  std::int64_t steps = 0;  ///< that `measured` is the mean of
  std::vector<std::string> hosts;
  std::vector<RankPrediction> predicted;  ///< empty without prediction
  std::vector<PhaseMs> measured;          ///< one per rank
  std::optional<SlowRank> slowest;        ///< by look-up and update; nothing without prediction
  std::vector<SlowRank> stragglers;       ///< the most lost first
  std::vector<PlanChange> changes;        ///< the most helpful first
  bool changes_tried = false;
};

/// One line of the comparison.
struct PhaseComparison {
  RankId rank{0};
  StepPhase phase = StepPhase::lookup;
  double predicted_ms = 0;
  double measured_ms = 0;
  double over_ms() const { return measured_ms - predicted_ms; }
};
/// Of all ranks and predicted phases, worst first: the most milliseconds above the prediction.
std::vector<PhaseComparison> compare_phases(std::span<const RankPrediction> predicted,
                                            std::span<const PhaseMs> measured);

/// {"steps","ranks":[{"rank","host","phase_ms":{"lookup":{"predicted" (null
/// without),"measured"},…}}],
/// "slowest","stragglers":[{"rank","host","phase","measured_ms","expected_ms","table",
/// "table_share"}],"changes":[{"table","placement","difference_ms","share"}]}
nlohmann::json plan_check_to_json(const PlanCheck& check);

/// A table of at most 120 columns, the `most_rows` worst, then sentences on the slowest rank, the
/// stragglers and the changes. Ends in a newline.
std::string plan_check_to_text(const PlanCheck& check, std::size_t most_rows);

}  // namespace shardwright
