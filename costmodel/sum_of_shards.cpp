#include "costmodel/sum_of_shards.hpp"

#include <algorithm>
#include <map>

namespace shardwright {
namespace {

std::vector<std::size_t> nodes_from_zero(const Topology& topology) {
  std::map<std::int64_t, std::size_t> places;
  std::vector<std::size_t> nodes;
  for (const RankSpec& rank : topology.ranks) {
    nodes.push_back(places.try_emplace(rank.node, places.size()).first->second);
  }
  return nodes;
}

}  // namespace

SumOfShards::SumOfShards(const RankPricer& pricer, const Topology& topology)
    : pricer_(pricer),
      size_(pricer.state_size()),
      node_of_(nodes_from_zero(topology)),
      values_(size_),
      own_(topology.ranks.size() * size_),
      world_(size_),
      busy_(size_),
      busy_nodes_(size_) {
  const auto nodes = static_cast<std::size_t>(num_nodes(topology));
  node_.resize(nodes * size_);
  busy_on_node_.resize(nodes * size_);
}

void SumOfShards::change(std::span<const Shard> shards, std::int64_t sign) {
  for (const Shard& shard : shards) {
    const std::size_t first = shard.rank ? shard.rank->index() : 0;
    const std::size_t end = shard.rank ? first + 1 : node_of_.size();
    std::size_t kind = pricer_.num_kinds();
    for (std::size_t rank = first; rank < end; ++rank) {
      const std::size_t own_kind = pricer_.kind(RankId::of(rank));
      if (own_kind != kind) pricer_.encode(shard, own_kind, values_);
      kind = own_kind;
      add_to(rank, sign);
    }
    if (shard.rank) change_shared(shard, node_of_[first], sign);
  }
}

void SumOfShards::add_to(std::size_t rank, std::int64_t sign) {
  std::int64_t* const own = &own_[rank * size_];
  const std::size_t node = node_of_[rank] * size_;
  for (std::size_t k = 0; k < size_; ++k) {
    const std::int64_t value = sign * values_[k];
    const std::int64_t busier = add_and_count(own[k], value);
    busy_on_node_[node + k] += busier;
    busy_[k] += busier;
    busy_nodes_[k] += add_and_count(node_[node + k], value);
    world_[k] += value;
  }
}

// The first that comes brings it, the last that goes takes it away.
void SumOfShards::change_shared(const Shard& shard, std::size_t node, std::int64_t sign) {
  pricer_.encode_shared(shard, values_);
  if (std::count(values_.begin(), values_.end(), 0) == std::ssize(values_)) return;
  std::int64_t& sharing = sharing_[{shard.table, node}];
  const std::int64_t before = sharing;
  sharing += sign;
  if ((before > 0) == (sharing > 0)) return;
  for (std::size_t k = 0; k < size_; ++k) {
    const std::int64_t value = sign * values_[k];
    busy_nodes_[k] += add_and_count(node_[node * size_ + k], value);
    world_[k] += value;
  }
}

std::span<const std::int64_t> SumOfShards::part(const std::vector<std::int64_t>& values,
                                                std::size_t number) const {
  return std::span(values).subspan(number * size_, size_);
}

PhaseTimes SumOfShards::price(RankId rank) const {
  const std::size_t node = node_of_[rank.index()];
  return pricer_.price(rank, {part(own_, rank.index()), part(node_, node), world_,
                              part(busy_on_node_, node), busy_, busy_nodes_});
}

std::vector<PhaseTimes> price_sums(const RankPricer& pricer, const Topology& topology,
                                   std::span<const Shard> shards) {
  SumOfShards sum(pricer, topology);
  sum.add(shards);
  std::vector<PhaseTimes> times;
  times.reserve(topology.ranks.size());
  for (std::size_t rank = 0; rank < topology.ranks.size(); ++rank) {
    times.push_back(sum.price(RankId::of(rank)));
  }
  return times;
}

}  // namespace shardwright
