#include "planner/search/local/memory_bound.hpp"

#include "planner/memory_model.hpp"
#include "planner/search/least_memory.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

namespace shardwright {
namespace {

using Ranks = std::vector<RankId>;

// The least that the fullest of the ranks holds of so many bytes, none more than it has room for.
Bytes even_share(const Problem& problem, const Ranks& ranks, Bytes bytes) {
  std::vector<Bytes> rooms;
  for (const RankId rank : ranks) rooms.push_back(problem.room[rank.index()]);
  std::sort(rooms.begin(), rooms.end());
  auto left = static_cast<std::int64_t>(rooms.size());
  for (const Bytes room : rooms) {
    const Bytes share((bytes.value() + left - 1) / left);
    if (share <= room || left == 1) return share;
    bytes -= room;
    --left;
  }
  return bytes;
}

// By the ranks that they may use, what tables need together; all of them by all such ranks.
std::map<Ranks, Bytes> totals(const Problem& problem) {
  std::map<Ranks, Bytes> sums;
  Bytes all;
  for (std::size_t i = 0; i < problem.rules.size(); ++i) {
    const Bytes bytes = least_total(problem, TableId::of(i));
    Bytes& sum = sums[problem.rules[i].ranks];
    sum = saturated_sum(sum, bytes);
    all = saturated_sum(all, bytes);
  }
  std::set<RankId> used;
  for (const auto& [ranks, bytes] : sums) used.insert(ranks.begin(), ranks.end());
  sums[Ranks(used.begin(), used.end())] = all;
  return sums;
}

}  // namespace

Bytes least_fullest(const Problem& problem) {
  Bytes most;
  for (const auto& [ranks, bytes] : totals(problem)) {
    most = std::max(most, even_share(problem, ranks, bytes));
  }
  for (std::size_t i = 0; i < problem.rules.size(); ++i) {
    most = std::max(most, least_largest(problem, TableId::of(i)));
  }
  const Bytes of_batch = problem.topology.ranks.front().usable() - problem.room.front();
  return saturated_sum(most, of_batch);
}

}  // namespace shardwright
