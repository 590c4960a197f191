#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <vector>

namespace shardwright {

/// How the samples of a batch are dealt to ranks: in order, each a slice of its own.
class BatchShares {
 public:
  /// Slices that are as equal as can be.
  explicit BatchShares(std::int64_t num_ranks)
      : BatchShares(std::vector<std::int64_t>(static_cast<std::size_t>(num_ranks), 1)) {}
  /// Of a whole batch as many samples as the ranks' entries say; of a short one the same shares.
  /// The entries are at least 0; their sum is 1 to 2^31.
  explicit BatchShares(const std::vector<std::int64_t>& rank_batch_sizes) : ends_(1) {
    for (const std::int64_t size : rank_batch_sizes) ends_.push_back(ends_.back() + size);
  }

  std::int64_t num_ranks() const { return std::ssize(ends_) - 1; }
  /// Of a batch of `size` samples, at most a whole one, how many come before the rank's; the rank
  /// after the last has all before it.
  std::int64_t begin(std::int64_t size, std::int64_t rank) const {
    const std::int64_t end = ends_[static_cast<std::size_t>(rank)];
    const std::int64_t all = ends_.back();
    // end · (size / all) first: end · size could leave 64 bits.
    return end * (size / all) + end * (size % all) / all;
  }

 private:
  std::vector<std::int64_t> ends_;  ///< 0, then of each rank's slice, of all shares
};

}  // namespace shardwright
