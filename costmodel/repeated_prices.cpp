#include "costmodel/repeated_prices.hpp"

#include "costmodel/sum_of_shards.hpp"

namespace shardwright {

std::vector<PhaseTimes> RepeatedPrices::of(std::span<const Shard> shards) const {
  if (pricer_) return price_sums(*pricer_, topology_, shards);
  return model_.price(workload_, topology_, shards);
}

}  // namespace shardwright
