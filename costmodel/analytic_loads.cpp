#include "costmodel/analytic_loads.hpp"

#include "costmodel/ranks_on_nodes.hpp"
#include "costmodel/row_statistics.hpp"
#include "costmodel/shard_load.hpp"
#include "costmodel/unique_rows.hpp"

#include <algorithm>
#include <cstdint>

namespace shardwright {
namespace {

using namespace analytic_load;

constexpr double kLeastWidth = 4;  // columns of a shard

double most_ranks_on_node(const Topology& topology) {
  std::int64_t most = 0;
  for (const auto& [node, ranks] : ranks_on_nodes(topology)) most = std::max(most, ranks);
  return static_cast<double>(most);
}

AnalyticLoads compute_loads(const MovedBytes& forward, const MovedBytes& backward) {
  AnalyticLoads loads{};
  loads[forward_streamed] = forward.streamed;
  loads[forward_random] = forward.random;
  loads[backward_streamed] = backward.streamed;
  loads[backward_random] = backward.random;
  loads[shards] = 1;
  return loads;
}

}  // namespace

ShardLoads::ShardLoads(const Workload& workload, const Topology& topology)
    : workload_(workload),
      num_ranks_(static_cast<double>(topology.size())),
      most_on_node_(most_ranks_on_node(topology)),
      row_wise_(row_wise_sums(topology)) {
  for (const Table& table : workload.tables) {
    unique_rows_.push_back(expected_unique_rows(table, workload.batch_size));
    kept_.push_back(divides_by_row_statistic(table.optimizer)
                        ? expected_kept_share(table, workload.batch_size)
                        : KeptShare{});
  }
}

AnalyticLoads ShardLoads::of(const Shard& shard) const {
  return shard.type == ShardingType::data_parallel ? of_replicated(shard) : of_owned(shard);
}

AnalyticLoads ShardLoads::of_owned(const Shard& shard) const {
  const Table& table = workload_.table(shard.table);
  const ShardLoad load = load_of(table, shard, static_cast<double>(workload_.batch_size),
                                 unique_rows_[shard.table.index()]);
  MovedBytes backward = backward_bytes(table, shard, load);
  const bool shares = shares_row_statistics(table, shard);
  if (shares) backward += second_pass_bytes(table, shard, load, kept_[shard.table.index()]);
  AnalyticLoads loads = compute_loads(forward_bytes(table, shard, load), backward);
  const ExchangeBytes bytes = exchange_bytes(table, shard, load, row_wise_);
  loads[input] = bytes.input;
  loads[output] = bytes.output;
  loads[partial] = bytes.partial;
  loads[sums] = bytes.sums;
  const StatisticsSent sent = statistics_sent(table, shard, load.unique_rows, num_ranks_);
  loads[statistics] = sent.bytes;
  loads[receivers] = sent.messages;
  return loads;
}

double ShardLoads::shared_sums(const Shard& shard) const {
  const Table& table = workload_.table(shard.table);
  constexpr double kUniqueRows = 0;  // matter to computing alone
  const auto samples = static_cast<double>(workload_.batch_size);
  return node_sum_bytes(table, shard, load_of(table, shard, samples, kUniqueRows), row_wise_);
}

// Looked up with one rank's samples, updated with what the global batch touched.
AnalyticLoads ShardLoads::of_replicated(const Shard& shard) const {
  const Table& table = workload_.table(shard.table);
  const double unique_rows = unique_rows_[shard.table.index()];
  const double samples = static_cast<double>(workload_.batch_size) / num_ranks_;
  const ShardLoad local = load_of(table, shard, samples, unique_rows);
  ShardLoad update = local;
  update.unique_rows = unique_rows;
  AnalyticLoads loads =
      compute_loads(forward_bytes(table, shard, local), backward_bytes(table, shard, update));
  loads[replicated] = replicated_gradient_bytes(shard);
  loads[backward_streamed] += loads[replicated];
  return loads;
}

// A value of one shard is at most that of its whole table on one rank or on all, and a table has
// at most as many shards as it has columns, each split by rows over a node, or one on every rank.
AnalyticLoads ShardLoads::most() const {
  AnalyticLoads most{};
  for (std::size_t i = 0; i < workload_.tables.size(); ++i) {
    const Table& table = workload_.tables[i];
    Shard whole{TableId::of(i), ShardingType::table_wise, 0, table.rows, 0, table.dim, RankId(0)};
    const AnalyticLoads owned = of_owned(whole);
    const AnalyticLoads everywhere = of_replicated(whole);
    const double cuts = static_cast<double>(table.dim) / kLeastWidth * most_on_node_;
    for (std::size_t k = 0; k < analytic_load::count; ++k) {
      most[k] += std::max(owned[k] * std::max(cuts, num_ranks_), everywhere[k] * num_ranks_);
    }
    most[partial] = most[sums] = most[output];
    Shard narrow = whole;
    narrow.col_end = static_cast<std::int64_t>(kLeastWidth);
    const AnalyticLoads cut = of_owned(narrow);
    most[statistics] += cut[statistics] * cuts;
    most[receivers] += cut[receivers] * std::max(cuts, num_ranks_);
  }
  return most;
}

}  // namespace shardwright
