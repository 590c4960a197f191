#include "costmodel/exchange_traffic.hpp"

namespace shardwright {

bool reduces_in_node(const Table& table, const Shard& shard) {
  const bool by_node =
      shard.type == ShardingType::table_row_wise || shard.type == ShardingType::grid;
  return by_node && shard.rows() < table.rows && table.mode != PoolingMode::none;
}

ExchangeBytes exchange_bytes(const Table& table, const Shard& shard, const ShardLoad& load) {
  ExchangeBytes bytes;
  if (shard.type == ShardingType::data_parallel) {
    bytes.replicated = replicated_gradient_bytes(shard);
    return bytes;
  }
  bytes.input = input_message_bytes(table, load);
  const double output = output_message_bytes(shard, load);
  if (reduces_in_node(table, shard)) {
    bytes.partial = output;
    bytes.sums = output * static_cast<double>(shard.rows()) / static_cast<double>(table.rows);
  } else {
    bytes.output = output;
  }
  if (shard.rows() == table.rows) return bytes;
  bytes.split = bytes.input * static_cast<double>(shard.columns()) / static_cast<double>(table.dim);
  if (table.mode != PoolingMode::none) bytes.added = bytes.output;
  return bytes;
}

ExchangeTraffic::ExchangeTraffic(const Topology& topology)
    : topology_(&topology),
      input_{Traffic(topology)},
      output_{Traffic(topology), Traffic(topology)},
      relays_(topology) {}

void ExchangeTraffic::add(const Table& table, const Shard& shard, const ShardLoad& load) {
  if (!shard.rank) return;
  const auto num_ranks = static_cast<double>(topology_->size());
  input_[0].add_from_all(*shard.rank, input_message_bytes(table, load) / num_ranks);
  const double output = output_message_bytes(shard, load);
  if (reduces_in_node(table, shard)) {
    add_reduced_output(table, shard, output);
  } else {
    output_[0].add_to_all(*shard.rank, output / num_ranks);
  }
}

// Partial sums are first added up within the node: what belongs to the samples of a rank gathers on
// its relay there. Then each relay sends the sums on; that message is shared by all row shards of
// the table, hence the share of the rows.
void ExchangeTraffic::add_reduced_output(const Table& table, const Shard& shard, double bytes) {
  const std::size_t home = relays_.node(*shard.rank);
  const double part = bytes / static_cast<double>(topology_->size());
  const double share = static_cast<double>(shard.rows()) / static_cast<double>(table.rows);
  for (std::size_t i = 0; i < topology_->ranks.size(); ++i) {
    const RankId rank = RankId::of(i);
    const RankId relay = relays_.relay(home, rank);
    output_[1].add(*shard.rank, relay, part);
    output_[1].add(relay, rank, part * share);
  }
}

double ExchangeTraffic::bytes_between_nodes() const {
  double outputs = 0;
  for (const Traffic& traffic : output_) outputs += traffic.bytes_between_nodes();
  return input_[0].bytes_between_nodes() + 2 * outputs;
}

double bytes_between_nodes(const Workload& workload, const Topology& topology,
                           std::span<const Shard> shards) {
  ExchangeTraffic exchange(topology);
  double replicated = 0;
  for (const Shard& shard : shards) {
    const Table& table = workload.table(shard.table);
    constexpr double kUniqueRows = 0;  // matter to computing alone
    exchange.add(table, shard,
                 load_of(table, shard, static_cast<double>(workload.batch_size), kUniqueRows));
    if (!shard.rank) replicated += replicated_gradient_bytes(shard);
  }
  const auto nodes = static_cast<double>(num_nodes(topology));
  const auto ranks = static_cast<double>(topology.size());
  const double crossings = nodes > 1 ? nodes : 0;
  return exchange.bytes_between_nodes() + crossings * 2 * (ranks - 1) / ranks * replicated;
}

}  // namespace shardwright
