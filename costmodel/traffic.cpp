#include "costmodel/traffic.hpp"

#include <algorithm>

namespace shardwright {
namespace {

Traffic::Load operator+(const Traffic::Load& a, const Traffic::Load& b) {
  return {a.bytes + b.bytes, a.messages + b.messages};
}

double link_seconds(const Link& link, const Traffic::Load& load) {
  return load.bytes / link.bandwidth_bytes_per_second + load.messages * link.latency_seconds;
}

double busy_seconds(const Topology& topology, const Traffic::Loads& loads) {
  return std::max(link_seconds(topology.intra, loads.intra),
                  link_seconds(topology.inter, loads.inter));
}

}  // namespace

Traffic::Loads operator+(const Traffic::Loads& a, const Traffic::Loads& b) {
  return {a.intra + b.intra, a.inter + b.inter};
}

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

bool Traffic::same_node(std::size_t a, std::size_t b) const {
  return topology_->ranks[a].node == topology_->ranks[b].node;
}

double Traffic::bytes_between_nodes() const {
  double sum = 0;
  for (std::size_t from = 0; from < size_; ++from) {
    for (std::size_t to = 0; to < size_; ++to) {
      if (!same_node(from, to)) sum += bytes(from, to);
    }
  }
  return sum;
}

Traffic::Loads Traffic::loads(std::size_t rank, bool sending) const {
  Loads loads;
  for (std::size_t other = 0; other < size_; ++other) {
    const double message = sending ? bytes(rank, other) : bytes(other, rank);
    if (message <= 0) continue;
    Load& load = same_node(rank, other) ? loads.intra : loads.inter;
    load.bytes += message;
    load.messages += 1;
  }
  return loads;
}

std::vector<double> milliseconds(const Topology& topology, std::span<const Traffic> collectives) {
  std::vector<double> result;
  for (std::size_t i = 0; i < topology.ranks.size(); ++i) {
    Traffic::Loads sent;
    Traffic::Loads received;
    for (const Traffic& collective : collectives) {
      sent = sent + collective.sent_by(RankId::of(i));
      received = received + collective.received_by(RankId::of(i));
    }
    result.push_back(1e3 *
                     std::max(busy_seconds(topology, sent), busy_seconds(topology, received)));
  }
  return result;
}

AllReduce::AllReduce(const Topology& topology) {
  const auto ranks = static_cast<double>(topology.size());
  const std::int64_t nodes = num_nodes(topology);
  if (nodes < topology.size()) intra_ = line(topology.intra, ranks);
  if (nodes > 1) inter_ = line(topology.inter, ranks);
}

AllReduce::Line AllReduce::line(const Link& link, double ranks) {
  const double steps = 2 * (ranks - 1);
  return {1e3 * steps / ranks / link.bandwidth_bytes_per_second,
          1e3 * steps * link.latency_seconds};
}

double AllReduce::milliseconds(double bytes) const {
  if (bytes <= 0) return 0;
  return std::max(intra_.per_byte_ms * bytes + intra_.latency_ms,
                  inter_.per_byte_ms * bytes + inter_.latency_ms);
}

double AllReduce::milliseconds_per_byte() const {
  return std::max(intra_.per_byte_ms, inter_.per_byte_ms);
}

}  // namespace shardwright
