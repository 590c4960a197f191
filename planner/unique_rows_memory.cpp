#include "planner/unique_rows_memory.hpp"

#include "planner/unique_rows.hpp"
#include "planner/unique_rows_price.hpp"

#include <algorithm>
#include <cmath>

namespace shardwright {
namespace {

constexpr double kIdBytes = 8;
constexpr double kIdWeightBytes = 4;
constexpr double kLengthBytes = 4;
constexpr double kValueBytes = 4;
constexpr double kNumberingBytes = 48;  // runtime/exchange/unique_ids.hpp: of an id
constexpr double kSortedBytes = 40;     // of an id: runtime/embedding/row_groups.hpp
constexpr double kGroupBytes = 16;      // of a different one

Bytes bytes(double value) { return Bytes(std::llround(std::min(std::ceil(value), 0x1p61))); }

/// What a rank's share of the batch has of one table.
struct Asked {
  double ids = 0;
  double unique = 0;
  double bags = 0;
  double bytes = 0;  ///< of ids, weights and lengths
};

Asked asked_of(const Plan& plan, const Table& table) {
  const double samples = std::ceil(static_cast<double>(plan.workload.batch_size) /
                                   static_cast<double>(plan.topology.size()));
  Asked asked;
  asked.ids = table.pooling * samples;
  asked.unique = unique_ids_of_rank(table, plan.workload, plan.topology);
  asked.bags = static_cast<double>(table.features.size()) * samples;
  asked.bytes =
      (kIdBytes + (table.weighted ? kIdWeightBytes : 0)) * asked.ids + kLengthBytes * asked.bags;
  return asked;
}

/// With overlap the next batch is asked for meanwhile.
double batches_in_flight(const Plan& plan) {
  return plan.memory_model == MemoryModel::overlap ? 2 : 1;
}

RankMemory asking_memory(const Plan& plan, const Table& table) {
  const Asked asked = asked_of(plan, table);
  const double batches = batches_in_flight(plan);
  const auto dim = static_cast<double>(table.dim);
  RankMemory memory;
  memory.ids = bytes(batches * (asked.bytes + kIdBytes * asked.unique));
  memory.buffers = bytes(batches * asked.bytes);
  // Fewer than nothing where rows outweigh vectors: what stands for the table counts them twice.
  memory.activations = bytes(kValueBytes * dim * (2 * asked.bags - asked.unique));
  memory.grouping = bytes(kSortedBytes * asked.ids + kGroupBytes * asked.unique);
  return memory;
}

Bytes owner_memory(const Plan& plan, const Shard& shard) {
  const Table& table = plan.workload.table(shard.table);
  const double share = static_cast<double>(shard.rows()) / static_cast<double>(table.rows);
  const double rows = unique_ids_of_rank(table, plan.workload, plan.topology) *
                      static_cast<double>(plan.topology.size() + 1) * share;
  return bytes(kValueBytes * static_cast<double>(shard.columns()) * rows);
}

void add_asking(const Plan& plan, std::vector<RankMemory>& ranks) {
  double most_ids = 0;
  for (const TableId id : plan.unique_rows) {
    const Table& table = plan.workload.table(id);
    const RankMemory memory = asking_memory(plan, table);
    for (RankMemory& rank : ranks) rank += memory;
    most_ids = std::max(most_ids, asked_of(plan, table).ids);
  }
  for (RankMemory& rank : ranks) {
    rank.buffers =
        saturated_sum(rank.buffers, bytes(batches_in_flight(plan) * kNumberingBytes * most_ids));
  }
}

}  // namespace

std::vector<RankMemory> memory_of_plan(const Plan& plan, std::span<const Shard> shards) {
  const bool counts_all =
      plan.memory_model == MemoryModel::full || plan.memory_model == MemoryModel::overlap;
  if (!counts_all || plan.unique_rows.empty()) {
    return memory_of_ranks(plan.memory_model, plan.workload, plan.topology, shards);
  }
  std::vector<RankMemory> ranks =
      memory_of_ranks(plan.memory_model, workload_as_exchanged(plan), plan.topology, shards);
  add_asking(plan, ranks);
  for (const Shard& shard : shards) {
    if (!shard.rank || !sends_unique_rows(plan, shard.table)) continue;
    Bytes& activations = ranks[shard.rank->index()].activations;
    activations = saturated_sum(activations, owner_memory(plan, shard));
  }
  return ranks;
}

}  // namespace shardwright
