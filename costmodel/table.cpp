#include "costmodel/table.hpp"

#include "costmodel/names.hpp"

namespace shardwright {
namespace {

constexpr Names<PoolingMode, 3> kPoolingModes = {{
    {PoolingMode::sum, "sum"},
    {PoolingMode::mean, "mean"},
    {PoolingMode::none, "none"},
}};
constexpr Names<DataType, 3> kDataTypes = {{
    {DataType::fp32, "fp32"},
    {DataType::bf16, "bf16"},
    {DataType::fp16, "fp16"},
}};
constexpr Names<OptimizerKind, 6> kOptimizers = {{
    {OptimizerKind::sgd, "sgd"},
    {OptimizerKind::adagrad, "adagrad"},
    {OptimizerKind::rowwise_adagrad, "rowwise_adagrad"},
    {OptimizerKind::adam, "adam"},
    {OptimizerKind::rowwise_adam, "rowwise_adam"},
    {OptimizerKind::ftrl, "ftrl"},
}};
constexpr std::int64_t kStateBytes = 4;  // optimizer state is fp32

// Optimizer state values per weight and per row.
struct StateCount {
  std::int64_t per_weight;
  std::int64_t per_row;
};

StateCount state_count(OptimizerKind optimizer) {
  switch (optimizer) {
    case OptimizerKind::sgd:
      return {0, 0};
    case OptimizerKind::adagrad:
      return {1, 0};
    case OptimizerKind::rowwise_adagrad:
      return {0, 1};
    case OptimizerKind::rowwise_adam:
      return {1, 1};
    case OptimizerKind::adam:
    case OptimizerKind::ftrl:
      break;
  }
  return {2, 0};
}

}  // namespace

std::int64_t bytes_per_element(DataType dtype) { return dtype == DataType::fp32 ? 4 : 2; }

Bytes weight_bytes(const Table& table, std::int64_t rows, std::int64_t columns) {
  const std::int64_t weights = checked_product(rows, columns, "the weights of " + table.name);
  return Bytes(
      checked_product(weights, bytes_per_element(table.dtype), "the bytes of " + table.name));
}

Bytes optimizer_bytes(OptimizerKind optimizer, std::int64_t rows, std::int64_t columns) {
  const StateCount count = state_count(optimizer);
  const std::int64_t row = kStateBytes * (count.per_weight * columns + count.per_row);
  return Bytes(checked_product(rows, row, "the bytes of optimizer state"));
}

std::string_view to_string(PoolingMode mode) { return name_of(mode, kPoolingModes); }
std::string_view to_string(DataType dtype) { return name_of(dtype, kDataTypes); }
std::string_view to_string(OptimizerKind optimizer) { return name_of(optimizer, kOptimizers); }

PoolingMode parse_pooling_mode(std::string_view text) {
  return value_of(text, kPoolingModes, "pooling mode");
}
DataType parse_data_type(std::string_view text) { return value_of(text, kDataTypes, "data type"); }
OptimizerKind parse_optimizer(std::string_view text) {
  return value_of(text, kOptimizers, "optimizer");
}

}  // namespace shardwright
