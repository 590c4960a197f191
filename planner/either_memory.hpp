#pragma once

#include "planner/plan.hpp"

#include <array>
#include <cstdint>
#include <set>
#include <vector>

namespace shardwright {

/// The memory of a plan's ranks while single tables change between pooled values and distinct rows:
/// each change, and what is asked, in time that does not grow with the number of tables. Starts as
/// the plan has it; by the plan's memory model, as memory_of_plan() counts but for sums of 2^61
/// bytes and more. Keeps nothing of the plan but what each rank has.
class EitherMemory {
 public:
  explicit EitherMemory(const Plan& plan);

  /// The other way from now on: of a table that can be exchanged both ways.
  void toggle(TableId table);
  /// Of the fullest rank.
  Bytes fullest() const;
  /// What ranks lack, over all of them.
  Bytes missing() const;

 private:
  /// Sums of sizes that each have 61 bits, however many.
  __extension__ using WideBytes = __int128;

  struct OnRank {
    RankId rank;
    std::int64_t bytes;
  };
  /// One way to exchange a table.
  struct Way {
    std::int64_t everywhere = 0;  ///< on every rank, its part of the batch and replicas
    std::int64_t most = 0;        ///< on every rank, but only of the table with most of this
    std::vector<OnRank> of_shards{};
  };
  using Ways = std::array<Way, 2>;  ///< pooled, as distinct rows

  static Way way_of(const Plan& one, const std::vector<Shard>& shards);
  void add(const Way& way, int sign);
  WideBytes on_every_rank() const;

  std::vector<Ways> ways_;            ///< per table
  std::vector<bool> sends_rows_;      ///< per table
  std::vector<WideBytes> of_shards_;  ///< per rank
  WideBytes everywhere_ = 0;
  std::multiset<std::int64_t> most_;
  std::vector<std::int64_t> usable_;  ///< per rank
};

}  // namespace shardwright
