#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <vector>

namespace shardwright {

/// What an objective compares ranks by, each the slowest rank's: the five phases for step, one
/// total for the others. Unused ones are 0.
inline constexpr std::size_t kMostChannels = 5;
using Channels = std::array<double, kMostChannels>;

/// The largest value of every channel over all ranks, kept while single ranks change: a tournament,
/// O(log ranks) per change.
class MaxTree {
 public:
  explicit MaxTree(std::size_t ranks)
      : leaves_(std::bit_ceil(std::max<std::size_t>(ranks, 1))), nodes_(2 * leaves_) {}

  const Channels& at(std::size_t rank) const { return nodes_[leaves_ + rank]; }
  const Channels& most() const { return nodes_[1]; }

  void set(std::size_t rank, const Channels& values) {
    std::size_t node = leaves_ + rank;
    nodes_[node] = values;
    while (node > 1) {
      node /= 2;
      Channels winner;
      for (std::size_t c = 0; c < kMostChannels; ++c) {
        winner[c] = std::max(nodes_[2 * node][c], nodes_[2 * node + 1][c]);
      }
      if (winner == nodes_[node]) return;
      nodes_[node] = winner;
    }
  }

  /// A rank that has the largest value of `channel`; the lowest of equals.
  std::size_t leader(std::size_t channel) const {
    std::size_t node = 1;
    while (node < leaves_) {
      node *= 2;
      if (nodes_[node][channel] < nodes_[node / 2][channel]) ++node;
    }
    return node - leaves_;
  }

 private:
  std::size_t leaves_;
  std::vector<Channels> nodes_;  // nodes_[1] is the root
};

}  // namespace shardwright
