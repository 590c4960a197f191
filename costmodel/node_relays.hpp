#pragma once

#include "costmodel/ids.hpp"
#include "costmodel/topology.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace shardwright {

/// Which rank of a node adds up the partial sums that are formed there for the samples of a rank,
/// and hands that rank's gradients on to their owners: on the rank's own node it itself, on any
/// other the one of the same place, counted within the node (over again where it has fewer ranks).
class NodeRelays {
 public:
  /// Of no ranks.
  NodeRelays() = default;
  explicit NodeRelays(const Topology& topology);

  std::size_t num_nodes() const { return members_.size(); }
  /// Nodes count from 0, in the order of their numbers in the topology.
  std::size_t node(RankId rank) const { return places_[rank.index()].node; }
  std::span<const RankId> members(std::size_t node) const { return members_[node]; }
  /// For samples of `rank`.
  RankId relay(std::size_t node, RankId rank) const;
  /// Whose sums of its own node a rank adds up, itself included, in their order.
  std::span<const RankId> served(RankId relay) const { return served_[relay.index()]; }

 private:
  struct Place {
    std::size_t node = 0;
    std::size_t in_node = 0;
  };
  void add_node(const std::vector<RankId>& members);
  void find_served();

  std::vector<Place> places_;  ///< per rank
  std::vector<std::vector<RankId>> members_;
  std::vector<std::vector<RankId>> served_;  ///< per rank
};

}  // namespace shardwright
