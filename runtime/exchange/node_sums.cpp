#include "runtime/exchange/node_sums.hpp"

#include "runtime/exchange/column_runs.hpp"
#include "runtime/exchange/node_blocks.hpp"

#include <algorithm>

namespace shardwright {
namespace {

void clear(const std::vector<NodeColumns>& of_rows, const RowsOf<float>& pooled) {
  for_each_run(pooled, RowsOf<const float>{}, of_rows,
               [](float* row, const float*, const NodeColumns& columns) {
                 std::fill_n(row + columns.pooled_column, columns.width, 0.0F);
               });
}

void add_sums(const NodeLayout& node, std::span<const float> sums, const RowsOf<float>& pooled) {
  for_each_run(pooled, RowsOf<const float>{sums, node.width}, node.columns,
               [](float* row, const float* of_node, const NodeColumns& columns) {
                 add_values(of_node + columns.node_column, row + columns.pooled_column,
                            columns.width);
               });
}

void copy_gradients(const NodeLayout& node, const RowsOf<const float>& pooled,
                    std::span<float> gradients) {
  for_each_run(pooled, RowsOf<float>{gradients, node.width}, node.columns,
               [](const float* row, float* of_node, const NodeColumns& columns) {
                 std::copy_n(row + columns.pooled_column, columns.width,
                             of_node + columns.node_column);
               });
}

}  // namespace

NodeSums::NodeSums(const ExchangeLayout& layout, RankId self, WireFormats formats)
    : layout_(layout), self_(self), formats_(formats) {
  if (layout.node_runs.empty()) return;
  nodes_ = make_node_layouts(layout);
  columns_ = summed_columns(nodes_);
  node_ = layout.relays.node(self);
}

void NodeSums::find_served(std::span<const InputSource> sources) {
  served_.clear();
  std::int64_t next_row = 0;
  for (const RankId rank : layout_.relays.served(self_)) {
    const std::int64_t samples = sources[rank.index()].samples;
    served_.push_back({rank, samples, next_row});
    next_row += samples;
  }
}

void NodeSums::make_room(std::span<const InputSource> sources) {
  find_served(sources);
  const NodeBlockSizes sizes = node_block_sizes(layout_, nodes_, self_, sources);
  parts_.make_room(sizes.parts);
  relayed_.make_room(sizes.relayed);
  brought_.make_room(sizes.brought);
}

/// Those for other relays of the node.
std::vector<std::span<float>> NodeSums::own_parts(OwnedParts& parts) const {
  std::vector<std::span<float>> of_relay(layout_.owners.size());
  for (const RankId relay : layout_.relays.members(node_)) {
    if (relay != self_) of_relay[relay.index()] = parts.of_relay(relay);
  }
  return of_relay;
}

/// Of all owners of the node.
void NodeSums::view_parts(OwnedParts& parts) {
  blocks_ = parts_.of_rank;
  blocks_[self_.index()] = parts.of_relay(self_);
}

std::span<float> NodeSums::brought_from(std::size_t node) const {
  return brought_.of_rank[layout_.relays.relay(node, self_).index()];
}

/// visit(an owner's part, in the row, width) for the parts of each of the samples, in the order of
/// the tables' rows; `row`: the first sample's, of `columns`.
template <class Value, class Visit>
void NodeSums::for_each_part(const Served& served, Value* row, std::int64_t columns, Column column,
                             Visit visit) const {
  for (std::int64_t n = 0; n < served.samples; ++n, row += columns) {
    for (const NodeRun& run : home().runs) {
      float* const parts = blocks_[run.owner].data();
      const std::int64_t width = part_columns(RankId::of(run.owner));
      visit(parts + (served.first_row + n) * width + run.part_column, row + run.*column, run.width);
    }
  }
}

void NodeSums::start_sums(Communicator& comm, std::span<const InputSource> sources,
                          OwnedParts& parts) {
  if (nodes_.empty()) return;
  make_room(sources);
  view_parts(parts);
  round_to_format(formats_.pooled, parts.of_relay(self_));
  within_.start(comm, formats_.pooled, own_parts(parts), parts_.of_rank);
}

void NodeSums::pass_sums_on(Communicator& comm) {
  if (nodes_.empty()) return;
  within_.finish();
  for (const Served& served : served_) {
    if (served.rank == self_) continue;
    const std::span<float> sums = relayed_.of_rank[served.rank.index()];
    std::fill(sums.begin(), sums.end(), 0.0F);
    for_each_part(served, sums.data(), home().width, &NodeRun::node_column, add_values);
  }
  between_.start(comm, formats_.pooled, relayed_.of_rank, brought_.of_rank);
}

void NodeSums::finish_sums(std::span<float> pooled) {
  if (nodes_.empty()) return;
  const RowsOf<float> rows{pooled, layout_.pooled_columns};
  clear(columns_, rows);
  for (const Served& served : served_) {
    if (served.rank != self_) continue;
    for_each_part(served, pooled.data(), rows.columns, &NodeRun::pooled_column, add_values);
  }
  between_.finish();
  for (std::size_t node = 0; node < nodes_.size(); ++node) {
    if (node != node_) add_sums(nodes_[node], brought_from(node), rows);
  }
}

void NodeSums::start_gradients(Communicator& comm, std::span<const InputSource> sources,
                               std::span<const float> gradients) {
  if (nodes_.empty()) return;
  make_room(sources);
  const RowsOf<const float> rows{gradients, layout_.pooled_columns};
  for (std::size_t node = 0; node < nodes_.size(); ++node) {
    if (node != node_) copy_gradients(nodes_[node], rows, brought_from(node));
  }
  between_.start(comm, formats_.gradients, brought_.of_rank, relayed_.of_rank);
}

/// To the parts of each owner of the node.
void NodeSums::hand_on(const Served& served, std::span<const float> gradients) {
  const auto copy = [](float* to, const float* from, std::int64_t n) { std::copy_n(from, n, to); };
  if (served.rank == self_) {
    return for_each_part(served, gradients.data(), layout_.pooled_columns, &NodeRun::pooled_column,
                         copy);
  }
  const float* const relayed = relayed_.of_rank[served.rank.index()].data();
  for_each_part(served, relayed, home().width, &NodeRun::node_column, copy);
}

void NodeSums::pass_gradients_on(Communicator& comm, std::span<const float> gradients,
                                 OwnedParts& parts) {
  if (nodes_.empty()) return;
  between_.finish();
  view_parts(parts);
  for (const Served& served : served_) hand_on(served, gradients);
  round_to_format(formats_.gradients, parts.of_relay(self_));
  within_.start(comm, formats_.gradients, parts_.of_rank, own_parts(parts));
}

void NodeSums::finish_gradients() {
  if (!nodes_.empty()) within_.finish();
}

void NodeSums::advance() {
  within_.advance();
  between_.advance();
}

}  // namespace shardwright
