#include "costmodel/traffic.hpp"

#include <algorithm>

namespace shardwright {

Traffic::Traffic(const Topology& topology)
    : topology_(&topology), size_(topology.ranks.size()), bytes_(size_ * size_) {}

void Traffic::add(RankId from, RankId to, double bytes) {
  if (from != to) bytes_[from.index() * size_ + to.index()] += bytes;
}

void Traffic::add_to_all(RankId from, double bytes_per_rank) {
  for (std::size_t to = 0; to < size_; ++to) add(from, RankId::of(to), bytes_per_rank);
}

void Traffic::add_from_all(RankId to, double bytes_per_rank) {
  for (std::size_t from = 0; from < size_; ++from) add(RankId::of(from), to, bytes_per_rank);
}

double Traffic::link_seconds(const Link& link, double bytes, double messages) const {
  return bytes / link.bandwidth_bytes_per_second + messages * link.latency_seconds;
}

double Traffic::busy_seconds(std::size_t rank, bool sending) const {
  struct Load {
    double bytes = 0;
    double messages = 0;
  } intra, inter;
  for (std::size_t other = 0; other < size_; ++other) {
    const double message = sending ? bytes(rank, other) : bytes(other, rank);
    if (message <= 0) continue;
    const bool same_node = topology_->ranks[rank].node == topology_->ranks[other].node;
    Load& load = same_node ? intra : inter;
    load.bytes += message;
    load.messages += 1;
  }
  return std::max(link_seconds(topology_->intra, intra.bytes, intra.messages),
                  link_seconds(topology_->inter, inter.bytes, inter.messages));
}

std::vector<double> Traffic::milliseconds() const {
  std::vector<double> result(size_);
  for (std::size_t rank = 0; rank < size_; ++rank) {
    result[rank] = 1e3 * std::max(busy_seconds(rank, true), busy_seconds(rank, false));
  }
  return result;
}

double all_reduce_ms(const Topology& topology, double bytes) {
  if (topology.size() < 2 || bytes <= 0) return 0;
  const auto seconds = [&](const Link& link) {
    const double ranks = static_cast<double>(topology.size());
    return 2 * (ranks - 1) *
           (bytes / ranks / link.bandwidth_bytes_per_second + link.latency_seconds);
  };
  const std::int64_t nodes = num_nodes(topology);
  const double intra = nodes < topology.size() ? seconds(topology.intra) : 0;
  const double inter = nodes > 1 ? seconds(topology.inter) : 0;
  return 1e3 * std::max(intra, inter);
}

}  // namespace shardwright
