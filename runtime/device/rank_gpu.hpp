#pragma once

#include "runtime/comm/communicator.hpp"

#include <span>
#include <string>

namespace shardwright {

/// The GPU that a rank has chosen.
struct RankGpu {
  std::string host;
  std::string id;  ///< PCI bus id and UUID: the same for the same GPU only
};

/// "Ranks 0 and 2 on node1 would share one GPU (…). …", or nothing if each has one of its own.
std::string shared_gpu_problem(std::span<const RankGpu> ranks);

/// Makes a GPU of its own host the current one of this rank: the ranks of a host take its GPUs in
/// turn. Throws CollectiveError (environment) on every rank if one finds no GPU, or, unless
/// `allow_shared`, if two ranks would share one. Blocks.
void take_gpu(Communicator& comm, bool allow_shared);

}  // namespace shardwright
