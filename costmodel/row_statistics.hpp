#pragma once

#include "costmodel/shard.hpp"
#include "costmodel/table.hpp"
#include "costmodel/topology.hpp"

#include <vector>

namespace shardwright {

/// Whether an optimizer divides by a statistic of whole rows.
bool divides_by_row_statistic(OptimizerKind optimizer);

/// Whether the owners of a shard's rows exchange a statistic of each row that a batch touches: the
/// table's optimizer divides by one of whole rows, and the shard has some of the columns only.
bool shares_row_statistics(const Table& table, const Shard& shard);

/// What a shard sends of such statistics in a step.
struct StatisticsSent {
  double bytes = 0;
  double messages = 0;  ///< at most; those of all shards of a rank to one other are one
  StatisticsSent& operator+=(const StatisticsSent& other) {
    bytes += other.bytes;
    messages += other.messages;
    return *this;
  }
};

/// A double for each of `touched_rows`, the distinct ones of the shard's that the batch touches, to
/// each other owner. A shard does not know of the others: there are as many of them as if all were
/// as wide as this one and on ranks of their own, `ranks` at most in all. Exact where that is so.
StatisticsSent statistics_sent(const Table& table, const Shard& shard, double touched_rows,
                               double ranks);

/// The exchange of all ranks' statistics, by the links of a topology: sent by each rank to any
/// others, evenly over them; received is as much.
class StatisticsExchange {
 public:
  explicit StatisticsExchange(const Topology& topology);

  /// Of a rank whose shards send `sum` together; 0 for nothing.
  double milliseconds(RankId rank, const StatisticsSent& sum) const;
  /// What each byte adds at least.
  double milliseconds_per_byte(RankId rank) const;

 private:
  double share_on_node(RankId rank) const { return others_on_node_[rank.index()] / others_; }

  Link intra_;
  Link inter_;
  double others_ = 0;                   // ranks
  std::vector<double> others_on_node_;  // per rank
};

}  // namespace shardwright
