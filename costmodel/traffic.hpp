#pragma once

#include "costmodel/topology.hpp"

#include <vector>

namespace shardwright {

/// Bytes that every rank sends to every other in one collective, and how long that takes.
class Traffic {
 public:
  /// Borrows the topology.
  explicit Traffic(const Topology& topology);

  /// Bytes for the same rank stay there and cost nothing.
  void add(RankId from, RankId to, double bytes);
  void add_to_all(RankId from, double bytes_per_rank);
  void add_from_all(RankId to, double bytes_per_rank);

  /// Milliseconds each rank sends or receives, whichever takes longer. The links within and between
  /// nodes work at the same time; on each, messages follow one another, and all bytes from one rank
  /// to another are one message. Reversing every message gives the same times.
  std::vector<double> milliseconds() const;

 private:
  double bytes(std::size_t from, std::size_t to) const { return bytes_[from * size_ + to]; }
  double link_seconds(const Link& link, double bytes, double messages) const;
  double busy_seconds(std::size_t rank, bool sending) const;

  const Topology* topology_;
  std::size_t size_;
  std::vector<double> bytes_;  // [from][to]
};

/// Milliseconds of a ring all-reduce of `bytes` over all ranks: 2(W−1) steps of bytes / W over the
/// slowest link used. 0 for one rank or no bytes.
double all_reduce_ms(const Topology& topology, double bytes);

}  // namespace shardwright
