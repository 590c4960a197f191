#include "costmodel/node_relays.hpp"

#include <cstdint>
#include <map>

namespace shardwright {

NodeRelays::NodeRelays(const Topology& topology)
    : places_(topology.ranks.size()), served_(topology.ranks.size()) {
  std::map<std::int64_t, std::vector<RankId>> nodes;
  for (std::size_t rank = 0; rank < topology.ranks.size(); ++rank) {
    nodes[topology.ranks[rank].node].push_back(RankId::of(rank));
  }
  for (const auto& [number, members] : nodes) add_node(members);
  find_served();
}

void NodeRelays::add_node(const std::vector<RankId>& members) {
  for (std::size_t i = 0; i < members.size(); ++i) {
    places_[members[i].index()] = {members_.size(), i};
  }
  members_.push_back(members);
}

void NodeRelays::find_served() {
  for (std::size_t rank = 0; rank < places_.size(); ++rank) {
    for (std::size_t node = 0; node < num_nodes(); ++node) {
      served_[relay(node, RankId::of(rank)).index()].push_back(RankId::of(rank));
    }
  }
}

RankId NodeRelays::relay(std::size_t node, RankId rank) const {
  const std::vector<RankId>& members = members_[node];
  return members[places_[rank.index()].in_node % members.size()];
}

}  // namespace shardwright
