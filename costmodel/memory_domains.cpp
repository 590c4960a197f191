#include "costmodel/memory_domains.hpp"

#include <cstdint>
#include <map>
#include <utility>

namespace shardwright {

std::vector<double> ranks_on_memory(const Topology& topology) {
  std::map<std::pair<std::int64_t, std::int64_t>, double> on_domain;
  for (const RankSpec& rank : topology.ranks) on_domain[{rank.node, rank.memory_domain}] += 1;
  std::vector<double> ranks;
  for (const RankSpec& rank : topology.ranks) {
    ranks.push_back(on_domain[{rank.node, rank.memory_domain}]);
  }
  return ranks;
}

}  // namespace shardwright
