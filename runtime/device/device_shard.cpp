#include "runtime/device/device_shard.hpp"

#include "runtime/device/initial_values.cuh"
#include "runtime/device/update_kernel.cuh"
#include "runtime/embedding/initial_weights.hpp"
#include "runtime/embedding/named_uniform.hpp"
#include "runtime/embedding/rounding_key.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace shardwright {
namespace {

std::vector<float> to_host(const DeviceArray<float>& values, DeviceStream stream) {
  std::vector<float> host(values.size());
  copy_to_host(host.data(), values.data(), host.size() * sizeof(float), stream);
  return host;
}

/// Copies each row's next `width` values behind what its state has: [rows][state_width].
void interleave(const std::vector<float>& values, std::size_t rows, std::size_t& filled,
                std::span<float> state) {
  const std::size_t width = values.size() / rows;
  const std::size_t state_width = state.size() / rows;
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t c = 0; c < width; ++c) {
      state[row * state_width + filled + c] = values[row * width + c];
    }
  }
  filled += width;
}

/// The reverse of interleave(): fills `values` from what follows in each row's state.
void to_device(std::span<const float> state, std::size_t rows, std::size_t& read,
               DeviceArray<float>& values, DeviceStream stream) {
  const std::size_t width = values.size() / rows;
  const std::size_t state_width = state.size() / rows;
  std::vector<float> host(values.size());
  for (std::size_t row = 0; row < rows; ++row) {
    std::copy_n(state.begin() + static_cast<std::ptrdiff_t>(row * state_width + read), width,
                host.begin() + static_cast<std::ptrdiff_t>(row * width));
  }
  read += width;
  copy_to_device(values.data(), host.data(), host.size() * sizeof(float), stream);
  wait_for(stream);
}

}  // namespace

DeviceShard::DeviceShard(const Table& table, const Shard& shard, const OptimizerSettings& settings,
                         std::uint64_t seed, DeviceStream stream)
    : shard_(shard),
      dtype_(table.dtype),
      rounding_key_(rounding_table_key(seed, table.name)),
      weights_(stream, "an embedding shard's weights"),
      first_(stream, "optimizer state"),
      second_(stream, "optimizer state"),
      row_state_(stream, "optimizer state of rows") {
  const int states = states_per_weight(table.optimizer, settings.momentum);
  weights_.resize(values() * static_cast<std::size_t>(bytes_per_element(dtype_)));
  first_.resize(states >= 1 ? values() : 0);
  second_.resize(states >= 2 ? values() : 0);
  row_state_.resize(has_row_statistic(table.optimizer) ? static_cast<std::size_t>(shard.rows())
                                                       : 0);
  fill(table, settings, seed, stream);
}

void DeviceShard::fill(const Table& table, const OptimizerSettings& settings, std::uint64_t seed,
                       DeviceStream stream) {
  launch_initial_weights(NamedUniform(seed, table.name),
                         {weights_.data(), dtype_, shard_.rows(), shard_.columns(),
                          shard_.row_begin, shard_.col_begin, initial_scale(table.rows)},
                         stream);
  const float sums = settings.initial_accumulator;
  const auto fill_with = [&](DeviceArray<float>& values, bool accumulates) {
    if (values.size() == 0) return;
    launch_fill(values.data(), static_cast<std::int64_t>(values.size()), accumulates ? sums : 0.0F,
                stream);
  };
  fill_with(first_, table.optimizer == OptimizerKind::adagrad);
  fill_with(second_, table.optimizer == OptimizerKind::ftrl);
  fill_with(row_state_, table.optimizer == OptimizerKind::rowwise_adagrad);
}

DevicePiece DeviceShard::piece(std::int64_t first_row) const {
  const std::int64_t at = first_row * shard_.columns();
  const auto from = [](const DeviceArray<float>& values, std::int64_t position) {
    return values.size() == 0 ? nullptr : values.data() + position;
  };
  DevicePiece piece;
  piece.weights = weights_.data() + at * bytes_per_element(dtype_);
  piece.first = from(first_, at);
  piece.second = from(second_, at);
  piece.row_state = from(row_state_, first_row);
  piece.width = shard_.columns();
  piece.column_in_table = shard_.col_begin;
  piece.rounding_key = rounding_key_;
  piece.dtype = dtype_;
  return piece;
}

ShardedEmbeddings::LocalShard DeviceShard::download(DeviceStream stream) const {
  DeviceArray<float> floats(stream, "weights on their way to the host");
  floats.resize(values());
  launch_to_float(weights_.data(), dtype_, static_cast<std::int64_t>(values()), floats.data(),
                  stream);
  ShardedEmbeddings::LocalShard local{shard_, LineVector<float>(values()), {}};
  copy_to_host(local.weights.data(), floats.data(), values() * sizeof(float), stream);
  const std::vector<float> parts[] = {to_host(first_, stream), to_host(second_, stream),
                                      to_host(row_state_, stream)};
  wait_for(stream);
  local.state.resize(parts[0].size() + parts[1].size() + parts[2].size());
  std::size_t filled = 0;
  for (const std::vector<float>& part : parts) {
    interleave(part, static_cast<std::size_t>(shard_.rows()), filled, local.state);
  }
  return local;
}

void DeviceShard::upload(const ShardedEmbeddings::LocalShard& local, DeviceStream stream) {
  DeviceArray<float> floats(stream, "weights on their way to the device");
  floats.resize(values());
  copy_to_device(floats.data(), local.weights.data(), values() * sizeof(float), stream);
  launch_from_float(floats.data(), static_cast<std::int64_t>(values()), weights_.data(), dtype_,
                    stream);
  wait_for(stream);
  std::size_t read = 0;
  const auto rows = static_cast<std::size_t>(shard_.rows());
  for (DeviceArray<float>* part : {&first_, &second_, &row_state_}) {
    to_device(local.state, rows, read, *part, stream);
  }
}

}  // namespace shardwright
