#include "costmodel/cost_model.hpp"

#include "costmodel/analytic.hpp"
#include "costmodel/fitted_cost_model.hpp"
#include "costmodel/names.hpp"
#include "costmodel/rank_pricer.hpp"
#include "costmodel/torchrec/cost_model.hpp"

#include <algorithm>
#include <stdexcept>

namespace shardwright {
namespace {

enum class Model { analytic, torchrec };

constexpr Names<Model, 2> kModels = {{
    {Model::analytic, "analytic"},
    {Model::torchrec, "torchrec"},
}};
constexpr Names<Objective, 3> kObjectives = {{
    {Objective::step, "step"},
    {Objective::max_sum, "max_sum"},
    {Objective::memory, "memory"},
}};

double slowest(std::span<const PhaseTimes> ranks, double PhaseTimes::*phase) {
  double most = 0;
  for (const PhaseTimes& rank : ranks) most = std::max(most, rank.*phase);
  return most;
}

}  // namespace

double PhaseTimes::total_ms() const {
  return comm_input_ms + compute_forward_ms + comm_forward_ms + compute_backward_ms +
         comm_backward_ms;
}

std::unique_ptr<RankPricer> CostModel::rank_pricer(const Workload& /*workload*/,
                                                   const Topology& /*topology*/) const {
  return nullptr;
}

std::unique_ptr<CostModel> make_cost_model(std::string_view name) {
  for (const auto& [model, known] : kModels) {
    if (name != known) continue;
    if (model == Model::analytic) return std::make_unique<AnalyticCostModel>();
    return std::make_unique<torchrec::TorchrecCostModel>();
  }
  return make_fitted_cost_model(name);
}

std::vector<std::string> cost_model_names() {
  std::vector<std::string> names;
  for (const auto& [model, name] : kModels) names.emplace_back(name);
  return names;
}

std::string_view to_string(Objective objective) { return name_of(objective, kObjectives); }

Objective parse_objective(std::string_view text) {
  return value_of<UsageError>(text, kObjectives, "objective");
}

double step_cost_ms(std::span<const PhaseTimes> ranks, Objective objective) {
  switch (objective) {
    case Objective::step:
      return slowest(ranks, &PhaseTimes::comm_input_ms) +
             slowest(ranks, &PhaseTimes::compute_forward_ms) +
             slowest(ranks, &PhaseTimes::comm_forward_ms) +
             slowest(ranks, &PhaseTimes::compute_backward_ms) +
             slowest(ranks, &PhaseTimes::comm_backward_ms);
    case Objective::max_sum: {
      double most = 0;
      for (const PhaseTimes& rank : ranks) most = std::max(most, rank.total_ms());
      return most;
    }
    case Objective::memory:
      break;
  }
  throw std::logic_error("the memory objective is not a time");
}

}  // namespace shardwright
