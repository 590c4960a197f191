#pragma once

#include "runtime/comm/communicator.hpp"
#include "runtime/embedding/owned_parts.hpp"
#include "runtime/exchange/input_source.hpp"
#include "runtime/exchange/layout.hpp"
#include "runtime/exchange/node_columns.hpp"
#include "runtime/exchange/rank_blocks.hpp"
#include "runtime/exchange/wire_exchange.hpp"
#include "runtime/exchange/wire_formats.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace shardwright {

/// Moves what the blocks that are summed in nodes put out to the ranks that have the samples, and
/// gradients the same way back, so that between nodes every node's sum goes once: owners send their
/// parts to the relays of their own node (NodeRelays: for samples of that node the samples' ranks
/// themselves), relays add them in the order of the tables' rows and send the sums on. Of a table
/// with rows on several nodes a sample's rank adds up the sums: first its own node's parts, in the
/// order of the rows, then those of the other nodes, in their order. Gradients come to the relays
/// once, which hand them to the owners. 4 bytes per sample and column for each
/// of the two ways that leads to another rank, 2 in a 16-bit wire format, to which a sum that is
/// sent on is rounded once more than one that stays in its node. Where no table is summed in nodes
/// nothing is done. Borrows the layout; keeps its buffers from batch to batch.
///
/// Either direction has three parts, between which a rank may compute. The ranks call each in the
/// same order among all that they do together.
class NodeSums {
 public:
  NodeSums(const ExchangeLayout& layout, RankId self, WireFormats formats);

  /// Sends this rank's parts, which must stay as they are until finish_sums(), to the relays, but
  /// for rounding those that it relays itself.
  void start_sums(Communicator& comm, std::span<const InputSource> sources, OwnedParts& parts);
  /// As a relay: waits for the others' parts, and sends the sums on.
  void pass_sums_on(Communicator& comm);
  /// Fills the columns of the tables that are summed in nodes of `pooled`, [own samples][pooled
  /// columns]. Blocks.
  void finish_sums(std::span<float> pooled);

  /// The reverse: sends gradients of pooled values, [own samples][pooled columns], to relays of
  /// other nodes.
  void start_gradients(Communicator& comm, std::span<const InputSource> sources,
                       std::span<const float> gradients);
  /// As a relay: waits for the others' gradients, and sends them and the own ones, which must be as
  /// before, to the owners. `parts` is filled until the end.
  void pass_gradients_on(Communicator& comm, std::span<const float> gradients, OwnedParts& parts);
  /// Blocks.
  void finish_gradients();

  /// Moves on what is under way; does not block.
  void advance();

 private:
  /// A rank whose sums this one adds up, and its rows in the blocks of parts.
  struct Served {
    RankId rank{0};
    std::int64_t samples = 0;
    std::int64_t first_row = 0;
  };
  /// Which columns a run has in rows that are not an owner's.
  using Column = std::int64_t NodeRun::*;

  const NodeLayout& home() const { return nodes_[node_]; }
  std::int64_t part_columns(RankId owner) const {
    return layout_.owners[owner.index()].part_columns;
  }
  void find_served(std::span<const InputSource> sources);
  void make_room(std::span<const InputSource> sources);
  std::vector<std::span<float>> own_parts(OwnedParts& parts) const;
  void view_parts(OwnedParts& parts);
  std::span<float> brought_from(std::size_t node) const;
  void hand_on(const Served& served, std::span<const float> gradients);
  template <class Value, class Visit>
  void for_each_part(const Served& served, Value* row, std::int64_t columns, Column column,
                     Visit visit) const;

  const ExchangeLayout& layout_;
  RankId self_;
  WireFormats formats_;
  std::vector<NodeLayout> nodes_;     ///< none: nothing is summed in nodes
  std::vector<NodeColumns> columns_;  ///< of pooled rows, of all nodes
  std::size_t node_ = 0;              ///< of this rank
  std::vector<Served> served_;        ///< in rank order, with itself
  RankBlocks parts_;    ///< of other owners of the node: parts for those served, or gradients
  RankBlocks relayed_;  ///< for those served on other nodes: sums, or their gradients
  RankBlocks brought_;  ///< from the relays of other nodes: sums for own samples, or gradients
  std::vector<std::span<float>> blocks_;  ///< parts_, and the own ones in place
  WireExchange within_;
  WireExchange between_;
};

}  // namespace shardwright
