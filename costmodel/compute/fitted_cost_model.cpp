#include "costmodel/compute/fitted_cost_model.hpp"

#include "costmodel/analytic.hpp"
#include "costmodel/compute/fitted_pricer.hpp"
#include "costmodel/errors.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace shardwright {

FittedCostModel::FittedCostModel(ComputeModel model, std::string name)
    : model_(std::move(model)), name_(std::move(name)) {
  if (model_.architecture != ComputeArchitecture::roofline_residual) {
    throw UsageError(
        fmt::format("{} is of the architecture {}, which `evaluate` compares but plans cannot be "
                    "priced with. Fit "
                    "one with --architecture roofline_residual.",
                    name_, to_string(model_.architecture)));
  }
  provenance_ = fmt::format(
      "compute: fitted to {} timings, error {:.1f} %; communication: analytic, not fitted",
      model_.training.rows, 100 * model_.error.geometric_mean_error);
}

std::vector<PhaseTimes> FittedCostModel::price(const Workload& workload, const Topology& topology,
                                               std::span<const Shard> shards) const {
  const FittedPricer pricer(model_, workload, topology);
  std::vector<std::array<std::int64_t, FittedPricer::kCodes>> sums(topology.ranks.size());
  for (const Shard& shard : shards) {
    std::array<std::int64_t, FittedPricer::kCodes> codes{};
    pricer.encode_compute(shard, codes);
    for (std::size_t rank = 0; rank < sums.size(); ++rank) {
      if (!shard.on(RankId::of(rank))) continue;
      for (std::size_t k = 0; k < codes.size(); ++k) sums[rank][k] += codes[k];
    }
  }
  std::vector<PhaseTimes> times = AnalyticCostModel().price(workload, topology, shards);
  for (std::size_t rank = 0; rank < sums.size(); ++rank) {
    const ComputeTimes compute = pricer.price_compute(RankId::of(rank), sums[rank]);
    times[rank].compute_forward_ms = compute.forward_ms;
    times[rank].compute_backward_ms = compute.backward_ms;
  }
  return times;
}

std::unique_ptr<RankPricer> FittedCostModel::rank_pricer(const Workload& workload,
                                                         const Topology& topology) const {
  return std::make_unique<FittedPricer>(model_, workload, topology);
}

}  // namespace shardwright
