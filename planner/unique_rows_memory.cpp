#include "planner/unique_rows_memory.hpp"

#include "planner/unique_rows_price.hpp"

#include <algorithm>
#include <cmath>

namespace shardwright {
namespace {

constexpr double kIdBytes = 8;
constexpr double kIdWeightBytes = 4;
constexpr double kLengthBytes = 4;
constexpr double kPositionBytes = 4;
constexpr double kValueBytes = 4;
constexpr double kNumberingBytes = 48;  // runtime/exchange/unique_ids.hpp: of an id
constexpr double kSortedBytes = 40;     // of an id: runtime/embedding/row_groups.hpp
constexpr double kGroupBytes = 16;      // of a different one
constexpr double kMost = 0x1p61;

Bytes bytes(double value) { return Bytes(std::llround(std::min(std::ceil(value), kMost))); }

double samples_of_rank(const Plan& plan) {
  return std::ceil(static_cast<double>(plan.workload.batch_size) /
                   static_cast<double>(plan.topology.size()));
}

/// What a rank's share of the batch has of one table.
struct Asked {
  double ids = 0;
  double unique = 0;
  double bags = 0;
  double bytes = 0;  ///< of ids, weights and lengths
};

Asked asked_of(const Plan& plan, const Table& table, double unique) {
  const double samples = samples_of_rank(plan);
  Asked asked;
  asked.ids = table.pooling * samples;
  asked.unique = unique;
  asked.bags = static_cast<double>(table.features.size()) * samples;
  asked.bytes =
      (kIdBytes + (table.weighted ? kIdWeightBytes : 0)) * asked.ids + kLengthBytes * asked.bags;
  return asked;
}

double batches_in_flight(MemoryModel model) { return model == MemoryModel::overlap ? 2 : 1; }

RankMemory asking_memory(const Asked& asked, std::int64_t dim, double batches) {
  const double row = kValueBytes * static_cast<double>(dim);
  RankMemory memory;
  memory.ids = bytes(batches * (asked.bytes + kIdBytes * asked.unique));
  memory.buffers = bytes(batches * asked.bytes);
  // Fewer than nothing where rows outweigh vectors: what stands for the table counts them twice.
  memory.activations = bytes(row * (2 * asked.bags - asked.unique));
  memory.grouping = bytes(kSortedBytes * asked.ids + kGroupBytes * asked.unique);
  return memory;
}

bool regards_unique_rows(const Plan& plan) {
  const bool counts_all =
      plan.memory_model == MemoryModel::full || plan.memory_model == MemoryModel::overlap;
  return counts_all && !plan.unique_rows.empty();
}

}  // namespace

PlanMemory::PlanMemory(const Plan& plan) : plan_(plan) {
  if (regards_unique_rows(plan)) {
    exchanged_ = workload_as_exchanged(plan);
    unique_.resize(plan.workload.tables.size());
    for (const TableId id : plan.unique_rows) {
      unique_[id.index()] =
          unique_ids_of_rank(plan.workload.table(id), plan.workload, plan.topology);
    }
  }
  batch_ = batch_memory(plan.memory_model, exchanged_ ? *exchanged_ : plan.workload, plan.topology);
  if (exchanged_) batch_ += asking();
}

RankMemory PlanMemory::asking() {
  const double batches = batches_in_flight(plan_.memory_model);
  RankMemory sum;
  double most = 0;
  for (const TableId id : plan_.unique_rows) {
    const Table& table = plan_.workload.table(id);
    const Asked asked = asked_of(plan_, table, unique_[id.index()]);
    sum += asking_memory(asked, table.dim, batches);
    most = std::max(most, kNumberingBytes * asked.ids + kGroupBytes * asked.unique);
  }
  numbering_ = bytes(batches * most);
  sum.buffers = saturated_sum(sum.buffers, numbering_);
  return sum;
}

/// What memory_model.hpp has of a part of the rows for ids that are cut and put into their places.
Bytes PlanMemory::cut_ids(TableId table) const {
  const double ids = exchanged_->table(table).pooling * samples_of_rank(plan_);
  const double ahead = kIdBytes * (batches_in_flight(plan_.memory_model) - 1);
  return Bytes(
      static_cast<std::int64_t>(std::min((kIdBytes + kPositionBytes + ahead) * ids, kMost)));
}

Bytes PlanMemory::rows_given(const Shard& shard) const {
  const Table& table = plan_.workload.table(shard.table);
  const double share = static_cast<double>(shard.rows()) / static_cast<double>(table.rows);
  const double rows =
      unique_[shard.table.index()] * static_cast<double>(plan_.topology.size() + 1) * share;
  return bytes(kValueBytes * static_cast<double>(shard.columns()) * rows);
}

RankMemory PlanMemory::of(const Shard& shard) const {
  RankMemory memory = shard_memory(plan_.memory_model, exchanged_ ? *exchanged_ : plan_.workload,
                                   plan_.topology, shard);
  const bool sends_rows = exchanged_ && unique_[shard.table.index()] > 0;
  if (!sends_rows || !shard.rank) return memory;
  memory.activations = saturated_sum(memory.activations, rows_given(shard));
  if (shard.rows() < plan_.workload.table(shard.table).rows) {
    memory.buffers -= std::min(memory.buffers, cut_ids(shard.table));
    set_reserve(memory);
  }
  return memory;
}

std::vector<RankMemory> memory_of_plan(const Plan& plan, std::span<const Shard> shards) {
  const PlanMemory memory(plan);
  std::vector<RankMemory> ranks(plan.topology.ranks.size(), memory.batch());
  for (const Shard& shard : shards) {
    const RankMemory of_shard = memory.of(shard);
    if (shard.rank) {
      ranks[shard.rank->index()] += of_shard;
      continue;
    }
    for (RankMemory& rank : ranks) rank += of_shard;
  }
  return ranks;
}

}  // namespace shardwright
