#include "runtime/exchange/node_blocks.hpp"

#include <cstdint>

namespace shardwright {
namespace {

std::size_t floats(std::int64_t rows, std::int64_t columns) {
  return static_cast<std::size_t>(rows * columns);
}

void add_as_relay(const ExchangeLayout& layout, std::span<const NodeLayout> nodes, RankId self,
                  std::span<const InputSource> sources, NodeBlockSizes& sizes) {
  const std::size_t home = layout.relays.node(self);
  for (const RankId served : layout.relays.served(self)) {
    const std::int64_t samples = sources[served.index()].samples;
    for (const RankId owner : layout.relays.members(home)) {
      if (owner == self) continue;
      sizes.parts[owner.index()] += floats(samples, layout.owners[owner.index()].part_columns);
    }
    if (served != self) sizes.relayed[served.index()] = floats(samples, nodes[home].width);
  }
}

}  // namespace

NodeBlockSizes node_block_sizes(const ExchangeLayout& layout, std::span<const NodeLayout> nodes,
                                RankId self, std::span<const InputSource> sources) {
  const std::vector<std::size_t> none(sources.size());
  NodeBlockSizes sizes{none, none, none};
  add_as_relay(layout, nodes, self, sources, sizes);
  const std::int64_t own = sources[self.index()].samples;
  for (std::size_t node = 0; node < nodes.size(); ++node) {
    if (node == layout.relays.node(self)) continue;
    sizes.brought[layout.relays.relay(node, self).index()] = floats(own, nodes[node].width);
  }
  return sizes;
}

}  // namespace shardwright
