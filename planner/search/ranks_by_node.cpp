#include "planner/search/ranks_by_node.hpp"

#include <cstddef>
#include <cstdint>
#include <map>

namespace shardwright {

std::vector<std::vector<RankId>> ranks_by_node(const Topology& topology) {
  std::map<std::int64_t, std::size_t> place;
  std::vector<std::vector<RankId>> nodes;
  for (std::size_t i = 0; i < topology.ranks.size(); ++i) {
    const auto [found, added] = place.emplace(topology.ranks[i].node, nodes.size());
    if (added) nodes.emplace_back();
    nodes[found->second].push_back(RankId::of(i));
  }
  return nodes;
}

}  // namespace shardwright
