#pragma once

#include "costmodel/cost_model.hpp"
#include "costmodel/shard.hpp"
#include "costmodel/topology.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace shardwright {

/// What a rank's price may depend on: sums of encoded shards, and, per value of a state, how many
/// ranks and nodes have more than 0 of it. Spans are as long as a state.
struct RankState {
  std::span<const std::int64_t> own;
  std::span<const std::int64_t> node;  ///< sum over the ranks of its node, and what shards share
  std::span<const std::int64_t> world;
  std::span<const std::int64_t> busy_on_node;
  std::span<const std::int64_t> busy;
  std::span<const std::int64_t> busy_nodes;
};

/// Prices ranks one at a time from sums, so that a search need not price a whole plan again after
/// each move. A rank's state is the sum of what its shards encode to: integers, in fixed point, so
/// that any order of additions and subtractions gives the same bits. An additive model encodes a
/// shard's loads; a neural net that sums over shards encodes its per-shard vector and has its head
/// in price().
class RankPricer {
 public:
  virtual ~RankPricer() = default;
  virtual std::size_t state_size() const = 0;

  /// Ranks of one kind encode shards alike.
  virtual std::size_t num_kinds() const = 0;
  virtual std::size_t kind(RankId rank) const = 0;
  /// Writes what `shard` adds to the state of a rank of `kind`; its rank is not read. A
  /// data_parallel shard adds that to every rank.
  virtual void encode(const Shard& shard, std::size_t kind,
                      std::span<std::int64_t> state) const = 0;
  /// Writes what all shards of one table that are on one node add together, whichever of them
  /// `shard` is: once, as long as any of them is there, to the sums of that node and of the world,
  /// but to no rank's own. Its rank is not read. Zeros where that is nothing.
  virtual void encode_shared(const Shard& shard, std::span<std::int64_t> state) const;

  /// The same times as CostModel::price gives, up to rounding (1e-9 relative).
  virtual PhaseTimes price(RankId rank, const RankState& state) const = 0;
  /// Whether price() reads more than the rank's own state.
  virtual bool reads_other_ranks() const = 0;
  /// Whether a row shard is priced as one of equal parts over all ranks of the world (row_wise) or
  /// of its node, however many rows it has: other splits must not be compared by such a model.
  virtual bool assumes_even_rows() const = 0;

  /// A valid floor for a lower bound: each phase of `rank` takes at least the least `idle` of its
  /// shards, if it has any, plus the sum of their `per_shard`. Nothing where the model has none.
  struct Floor {
    PhaseTimes idle;
    PhaseTimes per_shard;
  };
  virtual std::optional<Floor> floor(const Shard& shard, RankId rank) const = 0;
};

/// Power of two by which values whose grand total is at most `most` are multiplied to be kept as
/// integers: the total stays below 2^60.
double fixed_point_scale(double most);

}  // namespace shardwright
