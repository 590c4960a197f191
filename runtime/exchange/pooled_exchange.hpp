#pragma once

#include "runtime/comm/communicator.hpp"
#include "runtime/comm/shared_floats.hpp"
#include "runtime/exchange/blocks_beside.hpp"
#include "runtime/exchange/input_exchange.hpp"
#include "runtime/exchange/layout.hpp"
#include "runtime/exchange/own_vectors.hpp"
#include "runtime/exchange/rank_blocks.hpp"
#include "runtime/exchange/wire_exchange.hpp"
#include "runtime/exchange/wire_formats.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace shardwright {

/// What a rank gets for its samples: their pooled rows, [samples][pooled columns], and the vectors
/// of the ids without pooling, as OwnVectors has them. Or the gradients of both.
template <class T>
struct OutputSpans {
  std::span<T> pooled;
  std::span<T> vectors;
};
using OutputValues = OutputSpans<float>;
using OutputGradients = OutputSpans<const float>;

/// Moves pooled values from the owners' matrices to the ranks that have the samples, and gradients
/// the same way back: 4 bytes per sample and pooled column that lives on another rank, or per id
/// and column of a table without pooling; 2 in a 16-bit wire format. In fp32 owners send from and
/// receive into their matrix itself, or other ranks of the host read and write it (BlocksBeside).
/// What stays on a rank is rounded as if it were sent, so that results do not depend on where
/// tables lie. Where a pooled table's rows are cut, each of its blocks sends partial sums, which
/// are added in the order of the rows, and gets all gradients. Not of tables that are summed in
/// nodes (NodeSums). Keeps its buffer from batch to batch.
///
/// Either direction begins with rounds, between which a rank may compute: all messages in one, or
/// one per other rank (`one_by_one`): in round k a rank sends to the (k + 1)-th after it and
/// receives from the (k + 1)-th before it. The ranks begin them in the same order.
class PooledExchange {
 public:
  /// Borrows `vectors`, which must have taken the batch before it is exchanged.
  explicit PooledExchange(const OwnVectors& vectors, WireFormats formats = {},
                          bool one_by_one = false)
      : vectors_(vectors), formats_(formats), one_by_one_(one_by_one) {}

  /// From now on the blocks of ranks beside this one, one entry per rank, stay in the owners'
  /// matrices; this rank's, `owned` below, lies in `matrix`, which is borrowed. For exchanges in
  /// fp32 alone, where the values of a batch are exchanged before their gradients. Of two ranks
  /// each has the other beside it, or neither has.
  void exchange_in_place(std::vector<bool> beside, const SharedFloats& matrix);

  /// Of a job of so many ranks; at least one.
  std::size_t rounds(std::size_t ranks) const;
  /// Whom a rank sends to in a round, one after the other.
  std::vector<std::size_t> receivers(std::size_t self, std::size_t ranks, std::size_t round) const;

  /// `owned`: this rank's matrix (OwnerLayout), with the values for the round's receivers. Until
  /// the end nothing may change there.
  void start_pooled(Communicator& comm, const ExchangeLayout& layout,
                    std::span<const InputSource> sources, std::span<float> owned,
                    std::size_t round);
  /// After all rounds, with the whole matrix: fills `values`; rounds the own part of `owned`.
  /// Blocks.
  void finish_pooled(const ExchangeLayout& layout, std::span<const InputSource> sources,
                     std::span<float> owned, const OutputValues& values);

  /// The reverse: sends the gradients of the pooled values to the round's receivers. `owned` is
  /// filled until the end.
  void start_gradients(Communicator& comm, const ExchangeLayout& layout,
                       std::span<const InputSource> sources, const OutputGradients& gradients,
                       std::span<float> owned, std::size_t round);
  /// After all rounds. Blocks.
  void finish_gradients(const ExchangeLayout& layout, std::span<const InputSource> sources,
                        const OutputGradients& gradients, std::span<float> owned);

  /// Moves on what is under way; does not block.
  void advance();

 private:
  void make_room(Communicator& comm, const ExchangeLayout& layout,
                 std::span<const InputSource> sources);
  std::vector<std::size_t> senders(std::size_t round) const;
  std::size_t pooled_size(const OwnerLayout& owner, std::span<const InputSource> sources) const;
  void unpack_from(const ExchangeLayout& layout, std::size_t peer,
                   std::span<const InputSource> sources, std::span<const float> block,
                   const OutputValues& values) const;
  void pack_for(const ExchangeLayout& layout, std::size_t peer,
                std::span<const InputSource> sources, const OutputGradients& gradients,
                std::span<float> block) const;
  void finish_round(const ExchangeLayout& layout, std::size_t round,
                    std::span<const InputSource> sources, const OutputValues& values);
  std::span<const float> written_for(Communicator& comm, const ExchangeLayout& layout,
                                     std::size_t peer, std::span<const InputSource> sources,
                                     const OutputGradients& gradients);
  void find_blocks();
  /// Whether the blocks of this rank and `peer` stay where they are.
  bool in_place(std::size_t peer) const { return beside_ && beside_->has(peer); }
  /// The same of a block of so many floats; of none there is nothing to say.
  bool stays(std::size_t peer, std::size_t size) const { return in_place(peer) && size > 0; }
  std::span<const float> notice(Communicator& comm, std::size_t peer, std::size_t block_size,
                                std::size_t begin);

  const OwnVectors& vectors_;
  WireFormats formats_;
  bool one_by_one_;
  std::size_t self_ = 0;
  std::optional<BlocksBeside> beside_;
  std::vector<std::size_t> sizes_;  ///< of the blocks; none for this rank's own
  RankBlocks blocks_;               ///< as owners' matrices have them, or in those beside this rank
  std::vector<WireExchange> wires_;  ///< one per round
};

}  // namespace shardwright
