#pragma once

#include "runtime/exchange/layout.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace shardwright {

/// Partial sums of one owner: where they are in its matrix of parts, in the sums of its node, and
/// in the pooled rows.
struct NodeRun {
  std::size_t owner = 0;
  std::int64_t part_column = 0;
  std::int64_t node_column = 0;
  std::int64_t pooled_column = 0;
  std::int64_t width = 0;
};

/// Columns that stand side by side both in the sums of a node and in the pooled rows.
struct NodeColumns {
  std::int64_t node_column = 0;
  std::int64_t pooled_column = 0;
  std::int64_t width = 0;
};

/// The sums of one node, for each sample a row: every pooled column once that a block of one of its
/// ranks, summed in the node, has a part of.
struct NodeLayout {
  std::vector<NodeRun> runs;         ///< in the order of the tables' rows
  std::vector<NodeColumns> columns;  ///< cover a row from left to right; in order in both
  std::int64_t width = 0;
};

/// One for each node of the layout's relays.
std::vector<NodeLayout> make_node_layouts(const ExchangeLayout& layout);

/// Every pooled column once that any of the nodes has sums of; in no node's sums.
std::vector<NodeColumns> summed_columns(const std::vector<NodeLayout>& nodes);

}  // namespace shardwright
