#pragma once

#include "costmodel/bytes.hpp"
#include "costmodel/ids.hpp"
#include "costmodel/reuse.hpp"
#include "costmodel/sharding_type.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace shardwright {

enum class PoolingMode { sum, mean, none };  ///< none: one output row per id (sequence)
enum class DataType { fp32, bf16, fp16 };
enum class OptimizerKind { sgd, adagrad, rowwise_adagrad, adam, rowwise_adam, ftrl };

/// What the user asks of one table's placement; empty or unset means free.
struct TableConstraints {
  std::vector<ShardingType> types;
  std::vector<RankId> ranks;
  std::vector<std::int64_t> nodes;    ///< all shards on ranks of these
  std::vector<std::string> together;  ///< tables with which it shares one rank, uncut like them
  std::vector<std::string> apart;     ///< tables with which it shares no rank
  std::optional<std::int64_t> min_column_width;
  std::optional<std::int64_t> max_column_width;
  std::optional<std::int64_t> max_shards;
  bool operator==(const TableConstraints&) const = default;
};

/// One embedding table: `rows` × `dim` weights, and what the training job does with it.
struct Table {
  std::string name;
  std::int64_t rows = 0;
  std::int64_t dim = 0;
  double pooling = 1.0;  ///< mean ids per sample, summed over the table's features
  PoolingMode mode = PoolingMode::sum;
  bool weighted = false;  ///< ids carry a per-sample weight
  DataType dtype = DataType::fp32;
  OptimizerKind optimizer = OptimizerKind::rowwise_adagrad;
  std::vector<std::string> features;  ///< never empty once read: one feature named as the table
  std::optional<ReuseHistogram> reuse;
  std::optional<std::int64_t> reuse_batch_size;
  TableConstraints constraints;
  bool operator==(const Table&) const = default;
};

/// The tables of one model and the global batch they are trained with.
struct Workload {
  std::vector<Table> tables;
  std::int64_t batch_size = 0;  ///< samples per step over all ranks
  const Table& table(TableId id) const { return tables[id.index()]; }
  bool operator==(const Workload&) const = default;
};

std::int64_t bytes_per_element(DataType dtype);
/// Weights of `rows` × `columns` of a table.
Bytes weight_bytes(const Table& table, std::int64_t rows, std::int64_t columns);
/// Optimizer state beside them, always fp32. sgd 0; adagrad one value per weight; rowwise_adagrad
/// one per row and shard; adam two per weight; rowwise_adam one per weight and one per row; ftrl
/// two per weight.
Bytes optimizer_bytes(OptimizerKind optimizer, std::int64_t rows, std::int64_t columns);

// Names as in the files; parse_* throw InputError listing what is allowed.
std::string_view to_string(PoolingMode mode);
std::string_view to_string(DataType dtype);
std::string_view to_string(OptimizerKind optimizer);
PoolingMode parse_pooling_mode(std::string_view text);
DataType parse_data_type(std::string_view text);
OptimizerKind parse_optimizer(std::string_view text);

}  // namespace shardwright
