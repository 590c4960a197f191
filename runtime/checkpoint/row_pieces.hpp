#pragma once

#include "runtime/checkpoint/safetensors.hpp"
#include "runtime/checkpoint/shard_loader.hpp"

#include <cstdint>

namespace shardwright {

/// Rows of a table are read and written again in pieces of no more than so many bytes (or one row).
inline constexpr std::int64_t kPieceBytes = std::int64_t{16} << 20;

enum class SavedTensor { weights, state };

/// Appends one tensor of the rectangle that `wanted` names, whose spans are not used, to `writer`:
/// all of its rows, piece by piece. Throws InputError, EnvironmentError.
void copy_in_pieces(ShardLoader& loader, WantedShard wanted, SavedTensor tensor,
                    SafetensorsWriter& writer);

}  // namespace shardwright
