#include "costmodel/exchange_traffic.hpp"

#include "costmodel/device.hpp"

namespace shardwright {
namespace {

// A node's sums of some columns are one message, which all row shards there have part in: by their
// rows where all rows are there; row_wise ones share theirs (node_sum_bytes()).
double own_sum_bytes(const Table& table, const Shard& shard, const ShardLoad& load) {
  if (shard.type == ShardingType::row_wise) return 0;
  return output_message_bytes(shard, load) * static_cast<double>(shard.rows()) /
         static_cast<double>(table.rows);
}

}  // namespace

RowWiseSums row_wise_sums(const Topology& topology) {
  if (!on_cpus(topology)) return RowWiseSums::at_samples;
  const std::int64_t nodes = num_nodes(topology);
  return nodes > 1 && nodes < topology.size() ? RowWiseSums::in_nodes : RowWiseSums::at_samples;
}

bool reduces_in_node(const Table& table, const Shard& shard, RowWiseSums row_wise) {
  const bool by_node = shard.type == ShardingType::table_row_wise ||
                       shard.type == ShardingType::grid ||
                       (shard.type == ShardingType::row_wise && row_wise == RowWiseSums::in_nodes);
  return by_node && shard.rows() < table.rows && table.mode != PoolingMode::none;
}

double node_sum_bytes(const Table& table, const Shard& shard, const ShardLoad& load,
                      RowWiseSums row_wise) {
  const bool shared =
      shard.type == ShardingType::row_wise && reduces_in_node(table, shard, row_wise);
  return shared ? output_message_bytes(shard, load) : 0;
}

ExchangeBytes exchange_bytes(const Table& table, const Shard& shard, const ShardLoad& load,
                             RowWiseSums row_wise) {
  ExchangeBytes bytes;
  if (shard.type == ShardingType::data_parallel) {
    bytes.replicated = replicated_gradient_bytes(shard);
    return bytes;
  }
  bytes.input = input_message_bytes(table, load);
  const double output = output_message_bytes(shard, load);
  if (reduces_in_node(table, shard, row_wise)) {
    bytes.partial = output;
    bytes.sums = own_sum_bytes(table, shard, load);
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
      row_wise_(row_wise_sums(topology)),
      input_{Traffic(topology)},
      output_{Traffic(topology), Traffic(topology)},
      relays_(topology) {}

void ExchangeTraffic::add(const Table& table, const Shard& shard, const ShardLoad& load) {
  if (!shard.rank) return;
  const auto num_ranks = static_cast<double>(topology_->size());
  input_[0].add_from_all(*shard.rank, input_message_bytes(table, load) / num_ranks);
  if (reduces_in_node(table, shard, row_wise_)) {
    add_reduced_output(table, shard, load);
  } else {
    output_[0].add_to_all(*shard.rank, output_message_bytes(shard, load) / num_ranks);
  }
}

// Partial sums are first added up within the node: what belongs to the samples of a rank gathers on
// its relay there. Then each relay sends the sums on.
void ExchangeTraffic::add_reduced_output(const Table& table, const Shard& shard,
                                         const ShardLoad& load) {
  const std::size_t home = relays_.node(*shard.rank);
  const auto num_ranks = static_cast<double>(topology_->size());
  const double part = output_message_bytes(shard, load) / num_ranks;
  const double sums = sums_of(table, shard, load) / num_ranks;
  for (std::size_t i = 0; i < topology_->ranks.size(); ++i) {
    const RankId rank = RankId::of(i);
    const RankId relay = relays_.relay(home, rank);
    output_[1].add(*shard.rank, relay, part);
    output_[1].add(relay, rank, sums);
  }
}

// What the shard adds to the sums that leave its node.
double ExchangeTraffic::sums_of(const Table& table, const Shard& shard, const ShardLoad& load) {
  const double shared = node_sum_bytes(table, shard, load, row_wise_);
  if (shared <= 0) return own_sum_bytes(table, shard, load);
  return sent_on_.emplace(shard.table, relays_.node(*shard.rank)).second ? shared : 0;
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
