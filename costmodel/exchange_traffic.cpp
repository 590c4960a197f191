#include "costmodel/exchange_traffic.hpp"

namespace shardwright {
namespace {

bool reduces_in_node(const Table& table, const Shard& shard) {
  const bool split = shard.type == ShardingType::table_row_wise || shard.type == ShardingType::grid;
  return split && table.mode != PoolingMode::none;
}

}  // namespace

ExchangeTraffic::ExchangeTraffic(const Topology& topology)
    : topology_(&topology), input_(topology), output_(topology) {
  for (std::size_t rank = 0; rank < topology.ranks.size(); ++rank) {
    nodes_[topology.ranks[rank].node].push_back(RankId::of(rank));
  }
}

void ExchangeTraffic::add(const Table& table, const Shard& shard, const ShardLoad& load) {
  if (!shard.rank) return;
  const auto num_ranks = static_cast<double>(topology_->size());
  input_.add_from_all(*shard.rank, input_message_bytes(table, load) / num_ranks);
  const double output = output_message_bytes(shard, load);
  if (reduces_in_node(table, shard)) {
    add_reduced_output(table, shard, output);
  } else {
    output_.add_to_all(*shard.rank, output / num_ranks);
  }
}

// Partial sums are first added up within the node, each of its g ranks gathering the outputs of 1/g
// of the samples; then each sends what is summed to its counterparts on the other nodes. The second
// message is shared by all row shards of the table, hence the share of the rows.
void ExchangeTraffic::add_reduced_output(const Table& table, const Shard& shard, double bytes) {
  const std::int64_t home = topology_->rank(*shard.rank).node;
  const std::vector<RankId>& members = nodes_.at(home);
  const double part = bytes / static_cast<double>(members.size());
  const double share = static_cast<double>(shard.rows()) / static_cast<double>(table.rows);
  for (std::size_t local = 0; local < members.size(); ++local) {
    output_.add(*shard.rank, members[local], part);
    for (const auto& [node, others] : nodes_) {
      if (node == home) continue;
      const double samples =
          static_cast<double>(others.size()) / static_cast<double>(topology_->size());
      output_.add(members[local], others[local % others.size()], part * share * samples);
    }
  }
}

}  // namespace shardwright
