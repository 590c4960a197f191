#pragma once

#include "runtime/comm/communicator.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace shardwright {

/// Whether a rank has a thread for its messages alone, beside those that compute.
enum class CommunicationThread {
  automatic,  ///< where a core is spare
  on,
  off,
};

std::string_view to_string(CommunicationThread choice);
/// auto | on | off. Throws InputError.
CommunicationThread parse_communication_thread(std::string_view text);

/// Where a rank runs.
struct RankCores {
  std::string host;
  std::string cores;         ///< '1' for each logical core it may run on, else '0'
  std::int64_t threads = 1;  ///< that it wants cores for, one for its messages among them
};

/// Whether the cores that a rank may run on are enough for it and for all ranks of its host that
/// may run on some of them too.
bool has_cores_for_all(std::span<const RankCores> ranks, std::size_t self);

/// Whether this rank, which computes with so many threads, gets a communication thread. All ranks
/// call it, each with its own wish. Alone, a rank has no messages, and `automatic` is off. Blocks.
bool gets_communication_thread(Communicator& comm, CommunicationThread choice,
                               std::int64_t threads);

}  // namespace shardwright
