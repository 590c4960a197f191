#pragma once

#include "costmodel/shard.hpp"
#include "costmodel/table.hpp"
#include "costmodel/topology.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shardwright {

class RankPricer;

/// One rank's predicted time in each phase of a training step, in order.
struct PhaseTimes {
  double comm_input_ms = 0;
  double compute_forward_ms = 0;
  double comm_forward_ms = 0;
  double compute_backward_ms = 0;
  double comm_backward_ms = 0;
  double total_ms() const;
  bool operator==(const PhaseTimes&) const = default;
};

/// Prices a set of shards. Implementations are stateless and may be called from many threads.
class CostModel {
 public:
  virtual ~CostModel() = default;
  /// As given to --cost-model, and stored in the plan.
  virtual std::string_view name() const = 0;
  /// One line on what the figures rest on ("compute: analytic, not fitted; run profile").
  virtual std::string_view provenance() const = 0;
  /// Times of every rank of `topology` (result[r] is rank r's); shards may miss tables: partial
  /// plans are priced while a search builds them. The result does not depend on the order of
  /// `shards` beyond the rounding of sums.
  virtual std::vector<PhaseTimes> price(const Workload& workload, const Topology& topology,
                                        std::span<const Shard> shards) const = 0;
  /// The same prices one rank at a time (rank_pricer.hpp), for searches; null if the model has no
  /// such form. Borrows both arguments.
  virtual std::unique_ptr<RankPricer> rank_pricer(const Workload& workload,
                                                  const Topology& topology) const;
};

/// "analytic" (the default), "torchrec", or fitted models (make_fitted_cost_model()): a compute
/// model, a communication model, or both with a comma between them. Throws UsageError that lists
/// the names, InputError for a file that is no such model.
std::unique_ptr<CostModel> make_cost_model(std::string_view name);
/// Of those that are not fitted.
std::vector<std::string> cost_model_names();

enum class Objective {
  step,     ///< sum over phases of the slowest rank's time: every phase ends in a collective that
            ///< waits
  max_sum,  ///< largest total over ranks (NeuroShard's and TorchRec's)
  memory,   ///< largest memory over ranks, GiB: the tightest fit
};
std::string_view to_string(Objective objective);
Objective parse_objective(std::string_view text);

/// The cost in ms of a plan whose ranks take `ranks`; step or max_sum.
double step_cost_ms(std::span<const PhaseTimes> ranks, Objective objective);

}  // namespace shardwright
