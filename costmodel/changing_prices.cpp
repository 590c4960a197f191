#include "costmodel/changing_prices.hpp"

#include <algorithm>

namespace shardwright {

ChangingPrices::ChangingPrices(const CostModel& model, const Workload& workload,
                               const Topology& topology)
    : model_(model),
      workload_(workload),
      topology_(topology),
      pricer_(model.rank_pricer(workload, topology)) {
  if (!pricer_) return;
  sum_.emplace(*pricer_, topology);
  alone_.emplace(*pricer_, topology);
}

void ChangingPrices::add(std::span<const Shard> shards) {
  if (sum_) return sum_->add(shards);
  shards_.insert(shards_.end(), shards.begin(), shards.end());
}

void ChangingPrices::remove(std::span<const Shard> shards) {
  if (sum_) return sum_->remove(shards);
  for (const Shard& shard : shards) {
    shards_.erase(std::find(shards_.begin(), shards_.end(), shard));
  }
}

std::vector<PhaseTimes> ChangingPrices::times() const {
  if (!sum_) return model_.price(workload_, topology_, shards_);
  std::vector<PhaseTimes> times;
  times.reserve(topology_.ranks.size());
  for (std::size_t rank = 0; rank < topology_.ranks.size(); ++rank) {
    times.push_back(sum_->price(RankId::of(rank)));
  }
  return times;
}

std::vector<PhaseTimes> ChangingPrices::alone(std::span<const Shard> shards,
                                              std::span<const RankId> ranks) {
  std::vector<PhaseTimes> times;
  times.reserve(ranks.size());
  if (!alone_) {
    const auto all = model_.price(workload_, topology_, shards);
    for (const RankId rank : ranks) times.push_back(all[rank.index()]);
    return times;
  }
  alone_->add(shards);
  for (const RankId rank : ranks) times.push_back(alone_->price(rank));
  alone_->remove(shards);
  return times;
}

}  // namespace shardwright
