#include "runtime/exchange/node_sums.hpp"

#include <algorithm>

namespace shardwright {
namespace {

std::size_t floats(std::int64_t rows, std::int64_t columns) {
  return static_cast<std::size_t>(rows * columns);
}

/// visit(in the pooled row, in the node's row, width) for the node's columns, sample by sample.
template <class Pooled, class Sums, class Visit>
void for_each_columns(const NodeLayout& node, std::span<Pooled> pooled, std::int64_t pooled_columns,
                      std::span<Sums> sums, Visit visit) {
  Sums* of_node = sums.data();
  Pooled* const end = pooled.data() + pooled.size();
  for (Pooled* row = pooled.data(); row != end; row += pooled_columns, of_node += node.width) {
    for (const NodeColumns& columns : node.columns) {
      visit(row + columns.pooled_column, of_node + columns.node_column, columns.width);
    }
  }
}

void clear_columns(const NodeLayout& node, std::span<float> pooled, std::int64_t pooled_columns) {
  float* const end = pooled.data() + pooled.size();
  for (float* row = pooled.data(); row != end; row += pooled_columns) {
    for (const NodeColumns& columns : node.columns) {
      std::fill_n(row + columns.pooled_column, columns.width, 0.0F);
    }
  }
}

void add(const float* from, float* to, std::int64_t width) {
  for (std::int64_t c = 0; c < width; ++c) to[c] += from[c];
}

void start(WireExchange& wire, Communicator& comm, DataType format,
           const std::vector<std::span<float>>& sent,
           const std::vector<std::span<float>>& received) {
  const std::vector<std::span<const float>> send(sent.begin(), sent.end());
  wire.start(comm, format, send, received);
}

}  // namespace

NodeSums::NodeSums(const ExchangeLayout& layout, RankId self, WireFormats formats)
    : layout_(layout), self_(self), formats_(formats) {
  if (layout.node_runs.empty()) return;
  nodes_ = make_node_layouts(layout);
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
  make_room_as_relay();
  std::vector<std::size_t> brought(sources.size());
  for (std::size_t node = 0; node < nodes_.size(); ++node) {
    if (node == node_) continue;
    brought[layout_.relays.relay(node, self_).index()] =
        floats(sources[self_.index()].samples, nodes_[node].width);
  }
  brought_.make_room(brought);
}

void NodeSums::make_room_as_relay() {
  std::vector<std::size_t> parts(layout_.owners.size());
  std::vector<std::size_t> relayed(layout_.owners.size());
  for (const Served& served : served_) {
    for (const RankId owner : layout_.relays.members(node_)) {
      if (owner != self_) parts[owner.index()] += floats(served.samples, part_columns(owner));
    }
    if (served.rank != self_) relayed[served.rank.index()] = floats(served.samples, home().width);
  }
  parts_.make_room(parts);
  relayed_.make_room(relayed);
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
  start(within_, comm, formats_.pooled, own_parts(parts), parts_.of_rank);
}

void NodeSums::pass_sums_on(Communicator& comm) {
  if (nodes_.empty()) return;
  within_.finish();
  for (const Served& served : served_) {
    if (served.rank == self_) continue;
    const std::span<float> sums = relayed_.of_rank[served.rank.index()];
    std::fill(sums.begin(), sums.end(), 0.0F);
    for_each_part(served, sums.data(), home().width, &NodeRun::node_column, add);
  }
  start(between_, comm, formats_.pooled, relayed_.of_rank, brought_.of_rank);
}

void NodeSums::finish_sums(std::span<float> pooled) {
  if (nodes_.empty()) return;
  const std::int64_t width = layout_.pooled_columns;
  for (const NodeLayout& node : nodes_) clear_columns(node, pooled, width);
  for (const Served& served : served_) {
    if (served.rank != self_) continue;
    for_each_part(served, pooled.data(), width, &NodeRun::pooled_column, add);
  }
  between_.finish();
  for (std::size_t node = 0; node < nodes_.size(); ++node) {
    if (node == node_) continue;
    for_each_columns(nodes_[node], pooled, width, brought_from(node),
                     [](float* to, const float* from, std::int64_t n) { add(from, to, n); });
  }
}

void NodeSums::start_gradients(Communicator& comm, std::span<const InputSource> sources,
                               std::span<const float> gradients) {
  if (nodes_.empty()) return;
  make_room(sources);
  for (std::size_t node = 0; node < nodes_.size(); ++node) {
    if (node == node_) continue;
    for_each_columns(
        nodes_[node], gradients, layout_.pooled_columns, brought_from(node),
        [](const float* from, float* to, std::int64_t n) { std::copy_n(from, n, to); });
  }
  start(between_, comm, formats_.gradients, brought_.of_rank, relayed_.of_rank);
}

void NodeSums::pass_gradients_on(Communicator& comm, std::span<const float> gradients,
                                 OwnedParts& parts) {
  if (nodes_.empty()) return;
  between_.finish();
  view_parts(parts);
  const auto copy = [](float* to, const float* from, std::int64_t n) { std::copy_n(from, n, to); };
  for (const Served& served : served_) {
    if (served.rank == self_) {
      for_each_part(served, gradients.data(), layout_.pooled_columns, &NodeRun::pooled_column,
                    copy);
    } else {
      const float* const relayed = relayed_.of_rank[served.rank.index()].data();
      for_each_part(served, relayed, home().width, &NodeRun::node_column, copy);
    }
  }
  round_to_format(formats_.gradients, parts.of_relay(self_));
  start(within_, comm, formats_.gradients, parts_.of_rank, own_parts(parts));
}

void NodeSums::finish_gradients() {
  if (!nodes_.empty()) within_.finish();
}

void NodeSums::advance() {
  within_.advance();
  between_.advance();
}

std::size_t NodeSums::buffered() const {
  return parts_.buffer.size() + relayed_.buffer.size() + brought_.buffer.size();
}

}  // namespace shardwright
