#pragma once

#include "costmodel/shard.hpp"
#include "costmodel/table.hpp"
#include "runtime/device/device_layout.hpp"
#include "runtime/device/device_memory.hpp"
#include "runtime/embedding/optimizer.hpp"
#include "runtime/embedding/sharded_embeddings.hpp"

#include <cstddef>
#include <cstdint>

namespace shardwright {

/// One shard's weights, in its table's dtype, and optimizer state in device memory.
class DeviceShard {
 public:
  /// Allocates, and fills with initial values.
  DeviceShard(const Table& table, const Shard& shard, const OptimizerSettings& settings,
              std::uint64_t seed, DeviceStream stream);

  /// Its memory from a row on; the caller fills in where its columns go.
  DevicePiece piece(std::int64_t first_row) const;
  /// Waits.
  ShardedEmbeddings::LocalShard download(DeviceStream stream) const;
  /// The reverse; weights are rounded to the nearest values of the format. Waits.
  void upload(const ShardedEmbeddings::LocalShard& local, DeviceStream stream);

 private:
  std::size_t values() const { return static_cast<std::size_t>(shard_.rows() * shard_.columns()); }
  void fill(const Table& table, const OptimizerSettings& settings, std::uint64_t seed,
            DeviceStream stream);

  Shard shard_;
  DataType dtype_;
  std::uint64_t rounding_key_;
  DeviceArray<std::byte> weights_;
  DeviceArray<float> first_;
  DeviceArray<float> second_;
  DeviceArray<float> row_state_;
};

}  // namespace shardwright
