#pragma once

#include <cstddef>
#include <vector>

namespace shardwright {

/// Leaves a core's caches full of something else, as a training step's other phases do.
class CacheSweep {
 public:
  static constexpr std::size_t kBytes = std::size_t{32} << 20;  ///< of memory, by each rank

  /// Writes to each line of its memory: some 5 ms.
  void run();

 private:
  std::vector<unsigned char> bytes_ = std::vector<unsigned char>(kBytes);
};

}  // namespace shardwright
