#pragma once

#include "planner/search/search.hpp"

#include <nlohmann/json.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace shardwright {

/// One way to run a workload, and what it comes to.
struct SweepPoint {
  std::string topology;  ///< as given
  std::int64_t ranks = 0;
  std::int64_t batch_size = 0;  ///< samples a step over all ranks
  Termination termination = Termination::feasible;
  // Of the plan; all 0 without one:
  double step_ms = 0;  ///< by the step composition, whatever was optimised
  std::optional<double> lower_bound_ms;
  Bytes fullest;          ///< memory of the rank that is fullest relative to what it has
  double used_share = 0;  ///< of that rank's memory
  bool on_front = false;  ///< see mark_front()
  /// What of the constraints contradicts on these ranks; empty: nothing. There is no plan then.
  std::string contradiction = {};
  bool has_plan() const {
    return contradiction.empty() &&
           (termination == Termination::optimal || termination == Termination::feasible);
  }
  /// "contradiction", or that of `termination`.
  std::string_view status() const;
  /// Embeddings and their exchange alone.
  double samples_per_s() const;
};

/// What its plans are priced by stands beside it: models of other devices may price others.
struct NamedTopology {
  std::string name;
  Topology topology;
  std::shared_ptr<const CostModel> cost_model;
};

/// How one of them is planned, as by search_plan().
using PlanOne = std::function<SearchResult(const Workload& workload, const NamedTopology& named)>;

/// Plans every topology with every batch size. A Contradiction is a point of its own; what else
/// `plan` throws ends the sweep. None is begun once `stop` is true.
std::vector<SweepPoint> sweep(const Workload& workload,
                              const std::vector<NamedTopology>& topologies,
                              const std::vector<std::int64_t>& batch_sizes, const PlanOne& plan,
                              const std::atomic<bool>* stop = nullptr);

/// The Pareto front: no other point has at most as many ranks, at most as long a step and at least
/// as many samples per second, and differs in one of them.
void mark_front(std::vector<SweepPoint>& points);

// At most 120 columns, and a sentence for each contradiction; one line per point with a header;
// "shardwright.sweep/1".
std::string sweep_to_text(const std::vector<SweepPoint>& points);
std::string sweep_to_csv(const std::vector<SweepPoint>& points);
nlohmann::json sweep_to_json(const std::vector<SweepPoint>& points);

}  // namespace shardwright
