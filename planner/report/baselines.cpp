#include "planner/report/baselines.hpp"

#include "costmodel/errors.hpp"
#include "planner/search/algorithms.hpp"
#include "planner/search/search.hpp"

namespace shardwright {

namespace {

// Without a cost where the algorithm finds no plan, or cannot keep to the tables' constraints.
Baseline run_baseline(const Plan& plan, const CostModel& cost_model, const SearchOptions& options) {
  Baseline baseline{options.algorithm, {}, 0};
  try {
    const SearchResult result = search_plan(plan.workload, plan.topology, cost_model, options);
    baseline.seconds = result.record.seconds;
    if (result.plan) baseline.cost_ms = result.plan->cost_ms;
  } catch (const InputError&) {
  } catch (const UsageError&) {
  }
  return baseline;
}

std::vector<ShardingType> types_of(const Plan& plan) {
  std::vector<ShardingType> types = kDefaultTypes;
  for (const Shard& shard : plan.shards) {
    if (!contains(types, shard.type)) types.push_back(shard.type);
  }
  return types;
}

std::vector<ShardingType> those_of(std::vector<ShardingType> types, const Algorithm& algorithm) {
  std::erase_if(types, [&](ShardingType type) { return !contains(algorithm.types, type); });
  return types;
}

}  // namespace

std::vector<Baseline> run_baselines(const Plan& plan, const CostModel& cost_model,
                                    const std::vector<std::string>& algorithms) {
  const std::vector<ShardingType> types = types_of(plan);
  std::vector<Baseline> baselines;
  for (const std::string& name : algorithms) {
    SearchOptions options;
    options.algorithm = name;
    options.types = those_of(types, find_algorithm(name));
    options.memory_model = plan.memory_model;
    options.objective = plan.objective;
    baselines.push_back(run_baseline(plan, cost_model, options));
  }
  return baselines;
}

std::vector<std::string> quick_baselines() {
  return {"size_greedy", "dim_greedy", "lookup_greedy", "size_lookup_greedy", "torchrec_greedy"};
}

}  // namespace shardwright
