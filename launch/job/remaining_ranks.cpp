#include "launch/job/remaining_ranks.hpp"

#include <algorithm>

namespace shardwright {
namespace {

auto find_host(const std::vector<JobHost>& hosts, const std::string& name) {
  return std::find_if(hosts.begin(), hosts.end(),
                      [&](const JobHost& host) { return host.name == name; });
}

/// Of a host that begins with this rank.
std::int64_t ranks_on(const JobHost& host, std::int64_t first, std::int64_t ranks) {
  return std::clamp<std::int64_t>(ranks - first, 0, host.slots);
}

}  // namespace

void leave_out_rank(RemainingRanks& left, std::int64_t rank) {
  --left.shape.ranks;
  auto& specs = left.topology.ranks;
  if (rank < left.topology.size()) specs.erase(specs.begin() + rank);
  auto& hosts = left.shape.hosts;
  for (auto host = hosts.begin(); host != hosts.end(); ++host) {
    if (rank < host->slots) {
      if (--host->slots == 0) hosts.erase(host);
      return;
    }
    rank -= host->slots;
  }
}

std::int64_t leave_out_host(RemainingRanks& left, const std::string& host) {
  std::int64_t first = 0;
  auto& hosts = left.shape.hosts;
  const auto found = find_host(hosts, host);
  if (found == hosts.end()) return 0;
  for (auto before = hosts.begin(); before != found; ++before) first += before->slots;
  const std::int64_t ranks = ranks_on(*found, first, left.shape.ranks);
  auto& specs = left.topology.ranks;
  const auto end = std::min(first + ranks, left.topology.size());
  if (first < end) specs.erase(specs.begin() + first, specs.begin() + end);
  hosts.erase(found);
  left.shape.ranks -= ranks;
  return ranks;
}

std::vector<JobHost> hosts_with_less(const JobShape& full, const JobShape& left) {
  std::vector<JobHost> hosts;
  for (const JobHost& host : full.hosts) {
    const auto found = find_host(left.hosts, host.name);
    if (found == left.hosts.end() || found->slots < host.slots) hosts.push_back(host);
  }
  return hosts;
}

}  // namespace shardwright
