#include "costmodel/sum_of_shards.hpp"

#include <cstddef>
#include <map>

namespace shardwright {
namespace {

using State = std::vector<std::int64_t>;

void add(State& sum, std::span<const std::int64_t> values) {
  for (std::size_t k = 0; k < sum.size(); ++k) sum[k] += values[k];
}

// How many of `states` have more than 0 of each value.
void count_busy(const State& state, State& busy) {
  for (std::size_t k = 0; k < state.size(); ++k) busy[k] += state[k] > 0 ? 1 : 0;
}

struct Node {
  State sum;
  State busy;
};

std::vector<State> states_of(const RankPricer& pricer, const Topology& topology,
                             std::span<const Shard> shards) {
  const std::size_t size = pricer.state_size();
  std::vector<State> states(topology.ranks.size(), State(size));
  State values(size);
  const auto add_to = [&](RankId rank, const Shard& shard) {
    pricer.encode(shard, pricer.kind(rank), values);
    add(states[rank.index()], values);
  };
  for (const Shard& shard : shards) {
    if (shard.rank) {
      add_to(*shard.rank, shard);
      continue;
    }
    for (std::size_t rank = 0; rank < states.size(); ++rank) add_to(RankId::of(rank), shard);
  }
  return states;
}

}  // namespace

std::vector<PhaseTimes> price_sums(const RankPricer& pricer, const Topology& topology,
                                   std::span<const Shard> shards) {
  const std::size_t size = pricer.state_size();
  const std::vector<State> states = states_of(pricer, topology, shards);
  std::map<std::int64_t, Node> nodes;
  Node world{State(size), State(size)};
  State busy_nodes(size);
  for (std::size_t rank = 0; rank < states.size(); ++rank) {
    Node& node =
        nodes.try_emplace(topology.ranks[rank].node, Node{State(size), State(size)}).first->second;
    for (Node* group : {&node, &world}) {
      add(group->sum, states[rank]);
      count_busy(states[rank], group->busy);
    }
  }
  for (const auto& [number, node] : nodes) count_busy(node.sum, busy_nodes);
  std::vector<PhaseTimes> times;
  for (std::size_t rank = 0; rank < states.size(); ++rank) {
    const Node& node = nodes.at(topology.ranks[rank].node);
    times.push_back(pricer.price(
        RankId::of(rank), {states[rank], node.sum, world.sum, node.busy, world.busy, busy_nodes}));
  }
  return times;
}

}  // namespace shardwright
