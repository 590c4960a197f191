#include "planner/memory_model.hpp"

#include "costmodel/names.hpp"
#include "costmodel/torchrec/storage.hpp"

#include <algorithm>
#include <cmath>

namespace shardwright {
namespace {

constexpr Names<MemoryModel, 3> kMemoryModels = {{
    {MemoryModel::full, "full"},
    {MemoryModel::weights, "weights"},
    {MemoryModel::torchrec, "torchrec"},
}};

constexpr Bytes kMost{std::int64_t{1} << 61};
constexpr double kIdBytes = 8;
constexpr double kIdWeightBytes = 4;
constexpr double kOffsetBytes = 8;
constexpr double kValueBytes = 4;  // activations and gradients are fp32

Bytes saturated(double bytes) {
  return bytes < static_cast<double>(kMost.value())
             ? Bytes(static_cast<std::int64_t>(std::ceil(bytes)))
             : kMost;
}

double ids_of(const Table& table, double samples) {
  return table.pooling * samples * (kIdBytes + (table.weighted ? kIdWeightBytes : 0));
}

double offsets_of(const Table& table, double samples) {
  return kOffsetBytes * static_cast<double>(table.features.size()) * samples;
}

// Vectors and their gradients.
double activations_of(const Table& table, double samples, double columns, double share_of_rows) {
  const double output_rows = table.mode == PoolingMode::none
                                 ? table.pooling * samples * share_of_rows
                                 : static_cast<double>(table.features.size()) * samples;
  return 2 * kValueBytes * columns * output_rows;
}

RankMemory full_shard_memory(const Workload& workload, const Shard& shard) {
  const Table& table = workload.table(shard.table);
  RankMemory memory;
  memory.weights = weight_bytes(table, shard.rows(), shard.columns());
  memory.optimizer = optimizer_bytes(table.optimizer, shard.rows(), shard.columns());
  const auto columns = static_cast<double>(shard.columns());
  if (shard.type == ShardingType::data_parallel) {
    memory.activations = saturated(kValueBytes * static_cast<double>(shard.rows()) * columns);
    return memory;
  }
  const auto samples = static_cast<double>(workload.batch_size);
  const double share = static_cast<double>(shard.rows()) / static_cast<double>(table.rows);
  memory.ids = saturated(ids_of(table, samples) * share + offsets_of(table, samples));
  memory.activations = saturated(activations_of(table, samples, columns, share));
  return memory;
}

RankMemory torchrec_shard_memory(const Workload& workload, const Topology& topology,
                                 const Shard& shard) {
  RankMemory memory;
  memory.weights = weight_bytes(workload.table(shard.table), shard.rows(), shard.columns());
  memory.activations = torchrec::shard_bytes(workload, topology, shard) - memory.weights;
  return memory;
}

}  // namespace

Bytes saturated_sum(Bytes a, Bytes b) {
  return std::min(std::min(a, kMost) + std::min(b, kMost), kMost);
}

Bytes RankMemory::total() const {
  return saturated_sum(saturated_sum(weights, optimizer), saturated_sum(ids, activations));
}

RankMemory& RankMemory::operator+=(const RankMemory& other) {
  weights = saturated_sum(weights, other.weights);
  optimizer = saturated_sum(optimizer, other.optimizer);
  ids = saturated_sum(ids, other.ids);
  activations = saturated_sum(activations, other.activations);
  return *this;
}

RankMemory batch_memory(MemoryModel model, const Workload& workload, const Topology& topology) {
  RankMemory memory;
  if (model != MemoryModel::full) return memory;
  const double samples =
      std::ceil(static_cast<double>(workload.batch_size) / static_cast<double>(topology.size()));
  for (const Table& table : workload.tables) {
    RankMemory part;
    part.ids = saturated(ids_of(table, samples) + offsets_of(table, samples));
    part.activations =
        saturated(activations_of(table, samples, static_cast<double>(table.dim), 1.0));
    memory += part;
  }
  return memory;
}

RankMemory shard_memory(MemoryModel model, const Workload& workload, const Topology& topology,
                        const Shard& shard) {
  switch (model) {
    case MemoryModel::full:
      return full_shard_memory(workload, shard);
    case MemoryModel::torchrec:
      return torchrec_shard_memory(workload, topology, shard);
    case MemoryModel::weights:
      break;
  }
  RankMemory memory;
  memory.weights = weight_bytes(workload.table(shard.table), shard.rows(), shard.columns());
  return memory;
}

std::vector<RankMemory> memory_of_ranks(MemoryModel model, const Workload& workload,
                                        const Topology& topology, std::span<const Shard> shards) {
  std::vector<RankMemory> ranks(topology.ranks.size(), batch_memory(model, workload, topology));
  for (const Shard& shard : shards) {
    const RankMemory memory = shard_memory(model, workload, topology, shard);
    if (shard.rank) {
      ranks[shard.rank->index()] += memory;
      continue;
    }
    for (RankMemory& rank : ranks) rank += memory;
  }
  return ranks;
}

std::string_view to_string(MemoryModel model) { return name_of(model, kMemoryModels); }

MemoryModel parse_memory_model(std::string_view text) {
  return value_of<UsageError>(text, kMemoryModels, "memory model");
}

}  // namespace shardwright
