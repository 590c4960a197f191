#include "runtime/device/rank_gpu.hpp"

#include <fmt/format.h>

#include <cstddef>

namespace shardwright {

std::string shared_gpu_problem(std::span<const RankGpu> ranks) {
  for (std::size_t second = 1; second < ranks.size(); ++second) {
    for (std::size_t first = 0; first < second; ++first) {
      if (ranks[first].host != ranks[second].host || ranks[first].id != ranks[second].id) continue;
      return fmt::format(
          "Ranks {} and {} on {} would share one GPU ({}), but each rank needs one of its own: "
          "start no more ranks on a host than it has GPUs. For tests there is --allow-shared-gpu.",
          first, second, ranks[first].host, ranks[first].id);
    }
  }
  return {};
}

}  // namespace shardwright
