#include "runtime/exchange/node_columns.hpp"

#include <algorithm>

namespace shardwright {
namespace {

/// The pooled columns of all runs, as few stretches as can be.
std::vector<NodeColumns> join_columns(const std::vector<NodeRun>& runs) {
  std::vector<NodeColumns> sorted;
  sorted.reserve(runs.size());
  for (const NodeRun& run : runs) sorted.push_back({0, run.pooled_column, run.width});
  std::sort(sorted.begin(), sorted.end(), [](const NodeColumns& a, const NodeColumns& b) {
    return a.pooled_column < b.pooled_column;
  });
  std::vector<NodeColumns> joined;
  for (const NodeColumns& next : sorted) {
    const std::int64_t end = next.pooled_column + next.width;
    if (joined.empty() || joined.back().pooled_column + joined.back().width < next.pooled_column) {
      joined.push_back(next);
    } else {
      NodeColumns& last = joined.back();
      last.width = std::max(last.width, end - last.pooled_column);
    }
  }
  return joined;
}

void place_columns(NodeLayout& node) {
  node.columns = join_columns(node.runs);
  for (NodeColumns& columns : node.columns) {
    columns.node_column = node.width;
    node.width += columns.width;
  }
}

/// Each run lies in one stretch.
void place_runs(NodeLayout& node) {
  for (NodeRun& run : node.runs) {
    const auto after = std::upper_bound(node.columns.begin(), node.columns.end(), run.pooled_column,
                                        [](std::int64_t column, const NodeColumns& stretch) {
                                          return column < stretch.pooled_column;
                                        });
    const NodeColumns& around = *(after - 1);
    run.node_column = around.node_column + run.pooled_column - around.pooled_column;
  }
}

}  // namespace

std::vector<NodeColumns> summed_columns(const std::vector<NodeLayout>& nodes) {
  std::vector<NodeRun> runs;
  for (const NodeLayout& node : nodes) {
    runs.insert(runs.end(), node.runs.begin(), node.runs.end());
  }
  return join_columns(runs);
}

std::vector<NodeLayout> make_node_layouts(const ExchangeLayout& layout) {
  std::vector<NodeLayout> nodes(layout.relays.num_nodes());
  for (const auto& [owner, run] : layout.node_runs) {
    NodeLayout& node = nodes[layout.relays.node(RankId::of(owner))];
    node.runs.push_back({owner, run.owner_column, 0, run.pooled_column, run.width});
  }
  for (NodeLayout& node : nodes) {
    place_columns(node);
    place_runs(node);
  }
  return nodes;
}

}  // namespace shardwright
