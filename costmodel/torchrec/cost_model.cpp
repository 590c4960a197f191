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
  for (const Shard& shard : shards) {
    const Perf perf = estimate_perf(workload.table(shard.table), shard.type, shard.columns(),
                                    setting_of(workload, topology, shard));
    if (shard.rank) {
      add(perf, ranks[shard.rank->index()]);
    } else {
      for (PhaseTimes& rank : ranks) add(perf, rank);
    }
  }
  return ranks;
}

std::unique_ptr<RankPricer> TorchrecCostModel::rank_pricer(const Workload& workload,
                                                           const Topology& topology) const {
  return make_pricer(workload, topology);
}

}  // namespace shardwright::torchrec
