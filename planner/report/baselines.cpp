#include "planner/report/baselines.hpp"

#include "planner/search/algorithms.hpp"
#include "planner/search/search.hpp"

namespace shardwright {

std::vector<Baseline> run_baselines(const Plan& plan, const CostModel& cost_model,
                                    const std::vector<std::string>& algorithms) {
  std::vector<Baseline> baselines;
  for (const std::string& name : algorithms) {
    SearchOptions options;
    options.algorithm = name;
    options.types = find_algorithm(name).types;
    options.memory_model = plan.memory_model;
    options.objective = plan.objective;
    const SearchResult result = search_plan(plan.workload, plan.topology, cost_model, options);
    baselines.push_back({name, {}, result.record.seconds});
    if (result.plan) baselines.back().cost_ms = result.plan->cost_ms;
  }
  return baselines;
}

std::vector<std::string> quick_baselines() {
  return {"size_greedy", "dim_greedy", "lookup_greedy", "size_lookup_greedy", "torchrec_greedy"};
}

}  // namespace shardwright
