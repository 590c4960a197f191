#include "costmodel/torchrec/cost_model.hpp"

#include "costmodel/torchrec/perf.hpp"
#include "costmodel/torchrec/pricer.hpp"

namespace shardwright::torchrec {
namespace {

void add(const Perf& perf, PhaseTimes& rank) {
  rank.compute_forward_ms += perf.forward_compute;
  rank.comm_forward_ms += perf.forward_comms;
  rank.compute_backward_ms += perf.backward_compute;
  rank.comm_backward_ms += perf.backward_comms;
}

}  // namespace

std::string_view TorchrecCostModel::provenance() const {
  return "TorchRec's formulas and constants (V100 class), not fitted; exchange of ids not priced";
}

std::vector<PhaseTimes> TorchrecCostModel::price(const Workload& workload, const Topology& topology,
                                                 std::span<const Shard> shards) const {
  std::vector<PhaseTimes> ranks(topology.ranks.size());
  const auto add_on = [&](RankId rank, Shard shard) {
    shard.rank = rank;
    add(estimate_perf(workload.table(shard.table), shard.type, shard.columns(),
                      setting_of(workload, topology, shard)),
        ranks[rank.index()]);
  };
  for (const Shard& shard : shards) {
    if (shard.rank) add_on(*shard.rank, shard);
    for (std::size_t rank = 0; rank < ranks.size() && !shard.rank; ++rank) {
      add_on(RankId::of(rank), shard);
    }
  }
  return ranks;
}

std::unique_ptr<RankPricer> TorchrecCostModel::rank_pricer(const Workload& workload,
                                                           const Topology& topology) const {
  return make_pricer(workload, topology);
}

}  // namespace shardwright::torchrec
