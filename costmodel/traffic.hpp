#pragma once

#include "costmodel/topology.hpp"

#include <cstddef>
#include <span>
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

  double bytes_between_nodes() const;

  /// Bytes and messages of one rank, by link.
  struct Load {
    double bytes = 0;
    double messages = 0;
  };
  struct Loads {
    Load intra;
    Load inter;
  };
  Loads sent_by(RankId rank) const { return loads(rank.index(), true); }
  Loads received_by(RankId rank) const { return loads(rank.index(), false); }

 private:
  double bytes(std::size_t from, std::size_t to) const { return bytes_[from * size_ + to]; }
  bool same_node(std::size_t a, std::size_t b) const;
  Loads loads(std::size_t rank, bool sending) const;

  const Topology* topology_;
  std::size_t size_;
  std::vector<double> bytes_;  // [from][to]
};

Traffic::Loads operator+(const Traffic::Loads& a, const Traffic::Loads& b);

/// Milliseconds each rank sends or receives in all of `collectives`, whichever takes longer. The
/// links within and between nodes work at the same time; on each, messages follow one another, and
/// all bytes from one rank to another in one collective are one message. Reversing every message
/// gives the same times.
std::vector<double> milliseconds(const Topology& topology, std::span<const Traffic> collectives);

/// A ring all-reduce over all ranks: 2(W−1) steps of bytes / W over the slowest link used.
class AllReduce {
 public:
  explicit AllReduce(const Topology& topology);

  /// 0 for one rank or no bytes.
  double milliseconds(double bytes) const;
  /// What each byte adds at least.
  double milliseconds_per_byte() const;

 private:
  struct Line {
    double per_byte_ms = 0;
    double latency_ms = 0;
  };
  static Line line(const Link& link, double ranks);

  Line intra_;  // zeros where not used
  Line inter_;
};

}  // namespace shardwright
