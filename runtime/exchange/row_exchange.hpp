#pragma once

#include "runtime/comm/communicator.hpp"
#include "runtime/embedding/owned_rows.hpp"
#include "runtime/embedding/pooled_rows.hpp"
#include "runtime/exchange/layout.hpp"
#include "runtime/exchange/rank_blocks.hpp"
#include "runtime/exchange/unique_ids.hpp"
#include "runtime/exchange/wire_exchange.hpp"
#include "runtime/exchange/wire_formats.hpp"

#include <cstddef>
#include <cstdint>

namespace shardwright {

/// Moves the rows of the tables that send rows from their owners to the ranks whose batches name
/// them, and the sums of their gradients the same way back: 4 bytes per different id of a rank's
/// batch and column that lives on another rank, 2 in a 16-bit wire format; one message per pair of
/// ranks and direction, none where no table sends rows. What stays on a rank is rounded as if it
/// were sent. Borrows the layout; keeps its buffers from batch to batch.
class RowExchange {
 public:
  RowExchange(const ExchangeLayout& layout, RankId self, WireFormats formats);

  /// `owned`: what the ranks asked for; it may change afterwards.
  void start_rows(Communicator& comm, OwnedRows& owned, const UniqueIds& ids);
  /// Fills `pooled`'s rows. Blocks.
  void finish_rows(const UniqueIds& ids, PooledRows& pooled);

  /// The reverse: sends the sums that `pooled` has; they may change afterwards.
  void start_gradients(Communicator& comm, OwnedRows& owned, const UniqueIds& ids,
                       PooledRows& pooled);
  /// Fills `owned`. Blocks.
  void finish_gradients(OwnedRows& owned);

  /// Moves on what is under way; does not block.
  void advance() { wire_.advance(); }

 private:
  const OwnerLayout& self() const { return layout_.owners[self_]; }
  void make_room(OwnedRows& owned, const UniqueIds& ids);
  void start(Communicator& comm, DataType format, const RankBlocks& sent,
             const RankBlocks& received);
  template <class Visit>
  void for_each_given(OwnedRows& owned, Visit visit);
  template <class Visit>
  void for_each_asked(const UniqueIds& ids, PooledRows& pooled, Visit visit);

  const ExchangeLayout& layout_;
  std::size_t self_;
  WireFormats formats_;
  bool needed_;
  RankBlocks given_;  ///< rows of this rank, or their gradients, of each rank that asked for them
  RankBlocks asked_;  ///< rows that this rank asked each rank for; what is its own is in given_
  WireExchange wire_;
};

}  // namespace shardwright
