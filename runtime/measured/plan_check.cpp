#include "runtime/measured/plan_check.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace shardwright {
namespace {

using nlohmann::json;

json phases_json(const PlanCheck& check, std::size_t rank) {
  json phases = json::object();
  for (std::size_t i = 0; i < kStepPhaseNames.size(); ++i) {
    phases[std::string(kStepPhaseNames[i])] = {{"predicted", nullptr},
                                               {"measured", check.measured[rank][i]}};
  }
  if (check.predicted.empty()) return phases;
  for (const PredictedPhase& phase : kPredictedPhases) {
    phases[std::string(name_of(phase.measured))]["predicted"] =
        check.predicted[rank].phases.*phase.predicted;
  }
  return phases;
}

json slow_rank_json(const SlowRank& slow) {
  return {{"rank", slow.rank.value()},
          {"host", slow.host},
          {"phase", name_of(slow.phase)},
          {"measured_ms", slow.measured_ms},
          {"expected_ms", slow.expected_ms},
          {"table", slow.table.empty() ? json(nullptr) : json(slow.table)},
          {"table_share", slow.table_share}};
}

json change_json(const PlanChange& change) {
  return {{"table", change.table},
          {"placement", change.placement},
          {"difference_ms", change.difference_ms},
          {"share", change.share}};
}

}  // namespace

std::vector<PhaseComparison> compare_phases(std::span<const RankPrediction> predicted,
                                            std::span<const PhaseMs> measured) {
  std::vector<PhaseComparison> all;
  for (std::size_t r = 0; r < predicted.size(); ++r) {
    for (const PredictedPhase& phase : kPredictedPhases) {
      all.push_back({RankId::of(r), phase.measured, predicted[r].phases.*phase.predicted,
                     ms_of(measured[r], phase.measured)});
    }
  }
  std::stable_sort(all.begin(), all.end(), [](const PhaseComparison& a, const PhaseComparison& b) {
    return a.over_ms() > b.over_ms();
  });
  return all;
}

json plan_check_to_json(const PlanCheck& check) {
  json result = {{"steps", check.steps},
                 {"ranks", json::array()},
                 {"slowest", check.slowest ? slow_rank_json(*check.slowest) : json(nullptr)},
                 {"stragglers", json::array()},
                 {"changes", json::array()}};
  for (std::size_t r = 0; r < check.measured.size(); ++r) {
    result["ranks"].push_back(
        {{"rank", r}, {"host", check.hosts[r]}, {"phase_ms", phases_json(check, r)}});
  }
  for (const SlowRank& slow : check.stragglers)
    result["stragglers"].push_back(slow_rank_json(slow));
  for (const PlanChange& change : check.changes) result["changes"].push_back(change_json(change));
  return result;
}

}  // namespace shardwright
