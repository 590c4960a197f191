#include "costmodel/row_statistics.hpp"

#include "costmodel/ranks_on_nodes.hpp"

#include <algorithm>
#include <map>

namespace shardwright {
namespace {

constexpr double kStatisticBytes = 8;

double link_ms(const Link& link, double bytes, double messages) {
  return 1e3 * (bytes / link.bandwidth_bytes_per_second + messages * link.latency_seconds);
}

}  // namespace

bool divides_by_row_statistic(OptimizerKind optimizer) {
  return optimizer == OptimizerKind::rowwise_adagrad || optimizer == OptimizerKind::rowwise_adam;
}

bool shares_row_statistics(const Table& table, const Shard& shard) {
  return shard.columns() < table.dim && divides_by_row_statistic(table.optimizer);
}

StatisticsSent statistics_sent(const Table& table, const Shard& shard, double touched_rows,
                               double ranks) {
  if (!shares_row_statistics(table, shard)) return {};
  const double parts = static_cast<double>(table.dim) / static_cast<double>(shard.columns());
  const double others = std::min(parts, ranks) - 1;
  return {kStatisticBytes * touched_rows * others, others};
}

StatisticsExchange::StatisticsExchange(const Topology& topology)
    : intra_(topology.intra),
      inter_(topology.inter),
      others_(static_cast<double>(topology.size() - 1)) {
  const std::map<std::int64_t, std::int64_t> on_node = ranks_on_nodes(topology);
  for (const RankSpec& rank : topology.ranks) {
    others_on_node_.push_back(static_cast<double>(on_node.at(rank.node) - 1));
  }
}

double StatisticsExchange::milliseconds(RankId rank, const StatisticsSent& sum) const {
  if (sum.bytes <= 0 || others_ <= 0) return 0;
  const double messages = std::min(sum.messages, others_);
  const double near = share_on_node(rank);
  return std::max(link_ms(intra_, near * sum.bytes, near * messages),
                  link_ms(inter_, (1 - near) * sum.bytes, (1 - near) * messages));
}

double StatisticsExchange::milliseconds_per_byte(RankId rank) const {
  if (others_ <= 0) return 0;
  const double near = share_on_node(rank);
  return std::max(link_ms(intra_, near, 0), link_ms(inter_, 1 - near, 0));
}

}  // namespace shardwright
