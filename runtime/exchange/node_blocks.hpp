#pragma once

#include "costmodel/ids.hpp"
#include "runtime/exchange/input_source.hpp"
#include "runtime/exchange/layout.hpp"
#include "runtime/exchange/node_columns.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace shardwright {

/// Floats that a rank gets from each rank, and sends there the other way, where partial sums are
/// added up in nodes (NodeSums).
struct NodeBlockSizes {
  std::vector<std::size_t> parts;    ///< of the node's other owners, for the samples of all ranks
                                     ///< that `self` is the relay of
  std::vector<std::size_t> relayed;  ///< of the own node, for those of these on other nodes
  std::vector<std::size_t> brought;  ///< of other nodes, for the own samples
};

/// Of a batch of these sources, one per rank. `nodes`: of make_node_layouts().
NodeBlockSizes node_block_sizes(const ExchangeLayout& layout, std::span<const NodeLayout> nodes,
                                RankId self, std::span<const InputSource> sources);

}  // namespace shardwright
