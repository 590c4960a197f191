#pragma once

#include "runtime/embedding/workers.hpp"

#include <algorithm>
#include <cstddef>

namespace shardwright {

/// Where chunk `chunk` of `size` things begins that are cut into `count` chunks, as equal as can
/// be.
inline std::size_t chunk_begin(std::size_t size, std::size_t count, std::size_t chunk) {
  return chunk * (size / count) + std::min(chunk, size % count);
}

/// Cuts work on `size` things in a row into chunks that the workers' threads share. One chunk
/// where there are no workers (a task of theirs has none to ask), one thread or little to do.
class SharedChunks {
 public:
  SharedChunks(std::size_t size, Workers* workers)
      : size_(size), workers_(workers), count_(count_of(size, workers)) {}

  std::size_t count() const { return count_; }
  std::size_t begin(std::size_t chunk) const { return chunk_begin(size_, count_, chunk); }
  std::size_t end(std::size_t chunk) const { return begin(chunk + 1); }

  /// visit(chunk) for each; no two may write the same. Blocks.
  template <class Visit>
  void run(Visit visit) const {
    if (count_ == 1) return visit(std::size_t{0});
    workers_->run(count_, [&](std::size_t chunk, std::size_t) { visit(chunk); });
  }

 private:
  static std::size_t count_of(std::size_t size, const Workers* workers) {
    constexpr std::size_t kFewest = std::size_t{1} << 14;
    constexpr std::size_t kChunksPerThread = 2;
    if (workers == nullptr || workers->threads() == 1) return 1;
    return std::clamp(size / kFewest, std::size_t{1}, workers->threads() * kChunksPerThread);
  }

  std::size_t size_;
  Workers* workers_;
  std::size_t count_;
};

}  // namespace shardwright
