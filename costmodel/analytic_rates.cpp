#include "costmodel/analytic_rates.hpp"

#include "costmodel/device.hpp"
#include "costmodel/ranks_on_nodes.hpp"

#include <cstdint>
#include <map>

namespace shardwright {
namespace {

// Ranks of other nodes whose place, counted within the node, falls on `place` of this node.
double counterparts(const std::map<std::int64_t, std::int64_t>& on_node, std::int64_t home,
                    std::int64_t place) {
  const std::int64_t members = on_node.at(home);
  std::int64_t count = 0;
  for (const auto& [node, size] : on_node) {
    if (node != home && size > place) count += (size - place + members - 1) / members;
  }
  return static_cast<double>(count);
}

}  // namespace

std::vector<RankRates> rank_rates(const Topology& topology) {
  std::vector<RankRates> rates;
  const std::map<std::int64_t, std::int64_t> on_node = ranks_on_nodes(topology);
  std::map<std::int64_t, std::int64_t> place;
  for (const RankSpec& rank : topology.ranks) {
    const Device& device = find_device(rank.device);
    const double bandwidth = device.memory_bandwidth_bytes_per_second * rank.speed;
    const std::int64_t members = on_node.at(rank.node);
    rates.push_back({1e3 * device.launch_seconds / rank.speed, 1e3 / bandwidth,
                     1e3 / (bandwidth * device.gather_efficiency), static_cast<double>(members - 1),
                     static_cast<double>(topology.size() - members),
                     counterparts(on_node, rank.node, place[rank.node]++),
                     counterparts(on_node, rank.node, members - 1),
                     counterparts(on_node, rank.node, 0)});
  }
  return rates;
}

}  // namespace shardwright
