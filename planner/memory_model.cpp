#include "planner/memory_model.hpp"

#include "costmodel/exchange_traffic.hpp"
#include "costmodel/kept_rows.hpp"
#include "costmodel/names.hpp"
#include "costmodel/row_statistics.hpp"
#include "costmodel/torchrec/storage.hpp"

#include <algorithm>
#include <cmath>

namespace shardwright {
namespace {

constexpr Names<MemoryModel, 4> kMemoryModels = {{
    {MemoryModel::full, "full"},
    {MemoryModel::overlap, "overlap"},
    {MemoryModel::weights, "weights"},
    {MemoryModel::torchrec, "torchrec"},
}};

constexpr Bytes kMost{std::int64_t{1} << 61};
constexpr double kIdBytes = 8;
constexpr double kIdWeightBytes = 4;
constexpr double kLengthBytes = 4;
constexpr double kValueBytes = 4;  // activations and gradients are fp32
constexpr double kKeyBytes = 16;   // of an id: runtime/embedding/row_groups.hpp, both arrays
constexpr double kOccurrenceBytes = 12;
constexpr double kGroupBytes = 16;     // of a row that the batch touches
constexpr double kStatisticBytes = 8;  // of such a row and part of its columns
constexpr double kPositionBytes = 4;   // of an id among those of its part: own_vectors.hpp
constexpr double kReducedAtOnce = 4 << 20;
constexpr std::int64_t kGrowthPerReserve = 8;

Bytes saturated(double bytes) {
  return bytes < static_cast<double>(kMost.value())
             ? Bytes(static_cast<std::int64_t>(std::ceil(bytes)))
             : kMost;
}

double id_bytes(const Table& table) { return kIdBytes + (table.weighted ? kIdWeightBytes : 0); }

double ids_of(const Table& table, double samples) {
  return table.pooling * samples * id_bytes(table);
}

double lengths_of(const Table& table, double samples) {
  return kLengthBytes * static_cast<double>(table.features.size()) * samples;
}

// Vectors, or their gradients.
double vectors_of(const Table& table, double samples, double columns, double share_of_rows) {
  const double output_rows = table.mode == PoolingMode::none
                                 ? table.pooling * samples * share_of_rows
                                 : static_cast<double>(table.features.size()) * samples;
  return kValueBytes * columns * output_rows;
}

// Ids are collected apart from their keys unless the sample says all of an occurrence.
double grouped_bytes(const Table& table) {
  const bool samples_alone =
      table.features.size() == 1 && !table.weighted && table.mode != PoolingMode::mean;
  return kKeyBytes + (samples_alone ? 1 : 2) * kOccurrenceBytes;
}

double grouping_of(const Table& table, const Shard& shard, double ids) {
  const double share = static_cast<double>(shard.rows()) / static_cast<double>(table.rows);
  return grouped_bytes(table) * ids * share +
         kGroupBytes * std::min(static_cast<double>(shard.rows()), ids * share);
}

double samples_of_rank(const Workload& workload, const Topology& topology) {
  return std::ceil(static_cast<double>(workload.batch_size) / static_cast<double>(topology.size()));
}

void add_replica(const Table& table, const Shard& shard, double samples, RankMemory& memory) {
  const double gradient =
      kValueBytes * static_cast<double>(shard.rows()) * static_cast<double>(shard.columns());
  memory.activations = saturated(gradient);
  const double not_received = vectors_of(table, samples, static_cast<double>(table.dim), 1.0);
  memory.buffers = saturated(std::max(std::min(gradient, kReducedAtOnce) - not_received, 0.0));
  memory.grouping = saturated(grouping_of(table, shard, table.pooling * samples));
}

// What the owners of a table's parts exchange beside ids and vectors; `others` are the samples of
// other ranks.
double part_buffers(const Table& table, const Shard& shard, double samples, double others) {
  const double share = static_cast<double>(shard.rows()) / static_cast<double>(table.rows);
  const auto columns = static_cast<double>(shard.columns());
  double bytes = 0;
  if (shard.rows() < table.rows) {
    bytes += ids_of(table, samples);
    bytes += table.mode == PoolingMode::none ? kPositionBytes * table.pooling * samples
                                             : vectors_of(table, others, columns, share);
  }
  if (shares_row_statistics(table, shard)) {
    const double ids = table.pooling * (samples + others) * share;
    const auto rows = static_cast<double>(shard.rows());
    bytes += 4 * kStatisticBytes * std::min(rows, ids);
    bytes += kValueBytes * columns * std::min(rows, ids / static_cast<double>(kKeptIds));
  }
  return bytes;
}

// Of row_wise tables, what is exchanged between nodes beyond what is counted for parts and for
// vectors from owners: sums for samples of each node but two.
double node_sum_buffers(const Table& table, const Shard& shard, const Topology& topology,
                        double samples) {
  if (shard.type != ShardingType::row_wise) return 0;
  if (!reduces_in_node(table, shard, row_wise_sums(topology))) return 0;
  const auto further_nodes = static_cast<double>(num_nodes(topology) - 2);
  return further_nodes * vectors_of(table, samples, static_cast<double>(shard.columns()), 1.0);
}

void add_owned(const Table& table, const Shard& shard, double all, double own, double node_sums,
               RankMemory& memory) {
  const bool whole = shard.rows() == table.rows && shard.columns() == table.dim;
  const double share = static_cast<double>(shard.rows()) / static_cast<double>(table.rows);
  const double received = whole ? all - own : all;
  memory.ids = saturated(ids_of(table, received) * share + lengths_of(table, received));
  memory.buffers = saturated(part_buffers(table, shard, own, all - own) + node_sums);
  memory.activations =
      saturated(vectors_of(table, all - own, static_cast<double>(shard.columns()), share));
  memory.grouping = saturated(grouping_of(table, shard, table.pooling * all));
  set_reserve(memory);
}

RankMemory full_shard_memory(const Workload& workload, const Topology& topology,
                             const Shard& shard) {
  const Table& table = workload.table(shard.table);
  const double own = samples_of_rank(workload, topology);
  RankMemory memory;
  memory.weights = weight_bytes(table, shard.rows(), shard.columns());
  memory.optimizer = optimizer_bytes(table.optimizer, shard.rows(), shard.columns());
  if (shard.type == ShardingType::data_parallel) {
    add_replica(table, shard, own, memory);
  } else {
    const double sums = node_sum_buffers(table, shard, topology, own);
    add_owned(table, shard, static_cast<double>(workload.batch_size), own, sums, memory);
  }
  return memory;
}

// The ids of the next batch come while those at hand are still needed.
RankMemory overlap_shard_memory(const Workload& workload, const Topology& topology,
                                const Shard& shard) {
  RankMemory memory = full_shard_memory(workload, topology, shard);
  if (shard.type == ShardingType::data_parallel) return memory;
  const Table& table = workload.table(shard.table);
  memory.ids = saturated_sum(memory.ids, memory.ids);
  if (shard.rows() < table.rows) {
    const Bytes cut = saturated(ids_of(table, samples_of_rank(workload, topology)));
    memory.buffers = saturated_sum(memory.buffers, cut);
  }
  set_reserve(memory);
  return memory;
}

RankMemory torchrec_shard_memory(const Workload& workload, const Topology& topology,
                                 const Shard& shard) {
  RankMemory memory;
  memory.weights = weight_bytes(workload.table(shard.table), shard.rows(), shard.columns());
  const Bytes all = torchrec::shard_bytes(workload, topology, shard);  // at most 2^61
  memory.activations = std::max(all - memory.weights, Bytes(0));
  return memory;
}

}  // namespace

Bytes saturated_sum(Bytes a, Bytes b) {
  return std::min(std::min(a, kMost) + std::min(b, kMost), kMost);
}

Bytes RankMemory::total() const {
  Bytes sum;
  for (const Bytes part : {weights, optimizer, ids, buffers, activations, grouping, reserve}) {
    sum = saturated_sum(sum, part);
  }
  return sum;
}

RankMemory& RankMemory::operator+=(const RankMemory& other) {
  for (Bytes RankMemory::*part :
       {&RankMemory::weights, &RankMemory::optimizer, &RankMemory::ids, &RankMemory::buffers,
        &RankMemory::activations, &RankMemory::grouping, &RankMemory::reserve}) {
    this->*part = saturated_sum(this->*part, other.*part);
  }
  return *this;
}

void set_reserve(RankMemory& memory) {
  const Bytes growing = saturated_sum(memory.ids, saturated_sum(memory.buffers, memory.grouping));
  memory.reserve = Bytes(growing.value() / kGrowthPerReserve);
}

RankMemory batch_memory(MemoryModel model, const Workload& workload, const Topology& topology) {
  RankMemory memory;
  if (model != MemoryModel::full && model != MemoryModel::overlap) return memory;
  const double batches = model == MemoryModel::overlap ? 2 : 1;
  const double samples = samples_of_rank(workload, topology);
  for (const Table& table : workload.tables) {
    const double ids = batches * (ids_of(table, samples) + lengths_of(table, samples));
    const double vectors = vectors_of(table, samples, static_cast<double>(table.dim), 1.0);
    RankMemory part;
    part.ids = saturated(ids);
    part.buffers = saturated(ids + vectors);
    part.activations = saturated(2 * vectors);
    memory += part;
  }
  return memory;
}

RankMemory shard_memory(MemoryModel model, const Workload& workload, const Topology& topology,
                        const Shard& shard) {
  switch (model) {
    case MemoryModel::full:
      return full_shard_memory(workload, topology, shard);
    case MemoryModel::overlap:
      return overlap_shard_memory(workload, topology, shard);
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
