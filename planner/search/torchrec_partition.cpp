#include "planner/search/torchrec_partition.hpp"

#include "planner/search/ranks_by_node.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace shardwright::torchrec {

Partitioner::Partitioner(const Problem& problem, SortBy sort_by)
    : problem_(problem), sort_by_(sort_by), nodes_(ranks_by_node(problem.topology)) {
  place_on_node_.resize(problem.topology.ranks.size());
  for (const auto& node : nodes_) {
    for (std::size_t i = 0; i < node.size(); ++i) {
      place_on_node_[node[i].index()] = static_cast<std::int64_t>(i);
    }
  }
  for (std::size_t i = 0; i < place_on_node_.size(); ++i) all_.push_back(RankId::of(i));
}

std::optional<Partitioner::Partition> Partitioner::partition(
    std::span<const Option* const> proposal) {
  devices_.assign(all_.size(), {});
  for (std::size_t i = 0; i < all_.size(); ++i) {
    devices_[i].room = std::min(problem_.room[i].value(), most_memory_);
  }
  ranks_.assign(proposal.size(), {});
  for (std::size_t table = 0; table < proposal.size(); ++table) {
    const Option& option = *proposal[table];
    if (option.partition_by != PartitionBy::uniform) continue;
    if (!place_uniformly(option, all_, table)) return {};
  }
  for (const std::size_t table : order(proposal)) {
    if (!place(table, *proposal[table])) return {};
  }
  return Partition{ranks_, rating(proposal)};
}

std::optional<Partitioner::Partition> Partitioner::partition_balanced(
    std::span<const Option* const> proposal) {
  constexpr int kMostSteps = 10;
  constexpr double kTolerance = 0.02;
  constexpr std::int64_t kNear = std::int64_t{10} << 20;
  auto best = partition(proposal);
  if (!best) return {};
  const double most_ms = best->cost_ms * (1 + kTolerance);
  const auto memory = memory_of_ranks(proposal, *best);
  const std::int64_t sum = std::accumulate(memory.begin(), memory.end(), std::int64_t{0});
  std::int64_t low = sum / static_cast<std::int64_t>(memory.size());
  for (const Option* option : proposal) low = std::max(low, option->most_memory());
  std::int64_t high = *std::max_element(memory.begin(), memory.end());
  for (int step = 0; step < kMostSteps && low + kNear < high; ++step) {
    most_memory_ = low + (high - low) / 2;
    auto next = partition(proposal);
    const bool good = next && next->cost_ms <= most_ms;
    (good ? high : low) = most_memory_;
    if (good) best = std::move(next);
  }
  most_memory_ = std::numeric_limits<std::int64_t>::max();
  return best;
}

bool Partitioner::place(std::size_t table, const Option& option) {
  return option.partition_by == PartitionBy::host
             ? place_on_a_node(option, table)
             : place_freely(option, problem_.rules[table].ranks, table);
}

bool Partitioner::place_uniformly(const Option& option, std::span<const RankId> on,
                                  std::size_t table) {
  for (std::size_t i = 0; i < on.size(); ++i) {
    if (option.memory[i] > devices_[on[i].index()].room || !allowed(table, on[i])) return false;
    put(option, i, on[i], table);
  }
  return true;
}

bool Partitioner::place_freely(const Option& option, std::span<const RankId> among,
                               std::size_t table) {
  for (std::size_t i = 0; i < option.shards.size(); ++i) {
    const auto rank = least_loaded(option.memory[i], among);
    if (!rank) return false;
    put(option, i, *rank, table);
  }
  return true;
}

bool Partitioner::place_on_a_node(const Option& option, std::size_t table) {
  std::vector<std::pair<double, std::size_t>> nodes;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    double time = 0;
    for (const RankId rank : nodes_[i]) time += Option::total_ms(devices_[rank.index()].perf);
    nodes.emplace_back(time, i);
  }
  std::sort(nodes.begin(), nodes.end());
  const auto before = devices_;
  for (const auto& [time, node] : nodes) {
    std::vector<RankId> among;
    std::copy_if(nodes_[node].begin(), nodes_[node].end(), std::back_inserter(among),
                 [&](RankId rank) { return allowed(table, rank); });
    const bool rows = option.type() == ShardingType::table_row_wise;
    if (rows ? place_uniformly(option, nodes_[node], table) : place_freely(option, among, table)) {
      return true;
    }
    devices_ = before;
    ranks_[table].clear();
  }
  return false;
}

// Of equals the one that comes first on its node.
std::optional<RankId> Partitioner::least_loaded(std::int64_t memory,
                                                std::span<const RankId> among) const {
  std::optional<RankId> best;
  const auto key = [&](RankId rank) {
    return std::tuple(Option::total_ms(devices_[rank.index()].perf), place_on_node_[rank.index()],
                      rank);
  };
  for (const RankId rank : among) {
    if (memory > devices_[rank.index()].room) continue;
    if (!best || key(rank) < key(*best)) best = rank;
  }
  return best;
}

bool Partitioner::allowed(std::size_t table, RankId rank) const {
  const auto& ranks = problem_.rules[table].ranks;
  return ranks.size() == all_.size() || std::binary_search(ranks.begin(), ranks.end(), rank);
}

std::vector<std::size_t> Partitioner::order(std::span<const Option* const> proposal) const {
  std::vector<std::size_t> order;
  std::vector<double> key(proposal.size());
  for (std::size_t table = 0; table < proposal.size(); ++table) {
    const Option& option = *proposal[table];
    if (option.partition_by == PartitionBy::uniform) continue;
    order.push_back(table);
    key[table] =
        sort_by_ == SortBy::perf ? option.sum_ms() : static_cast<double>(option.sum_memory());
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return key[a] > key[b]; });
  return order;
}

double Partitioner::rating(std::span<const Option* const> proposal) const {
  std::vector<double> times(all_.size());
  for (std::size_t table = 0; table < proposal.size(); ++table) {
    for (const RankId rank : ranks_[table]) times[rank.index()] += proposal[table]->most_ms();
  }
  return *std::max_element(times.begin(), times.end());
}

std::vector<std::int64_t> Partitioner::memory_of_ranks(std::span<const Option* const> proposal,
                                                       const Partition& partition) const {
  std::vector<std::int64_t> memory(all_.size());
  for (std::size_t table = 0; table < proposal.size(); ++table) {
    const auto& ranks = partition.ranks[table];
    for (std::size_t i = 0; i < ranks.size(); ++i) {
      memory[ranks[i].index()] += proposal[table]->memory[i];
    }
  }
  return memory;
}

void Partitioner::put(const Option& option, std::size_t shard, RankId rank, std::size_t table) {
  Device& device = devices_[rank.index()];
  device.room -= option.memory[shard];
  device.perf.forward_compute += option.perf.forward_compute;
  device.perf.forward_comms += option.perf.forward_comms;
  device.perf.backward_compute += option.perf.backward_compute;
  device.perf.backward_comms += option.perf.backward_comms;
  ranks_[table].push_back(rank);
}

}  // namespace shardwright::torchrec
