#include "runtime/trainer/rank_placement.hpp"

#include "runtime/comm/collectives.hpp"
#include "runtime/comm/host_name.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

namespace shardwright {

RankPlacement find_placement(Communicator& comm) {
  const std::int64_t cores = sysconf(_SC_NPROCESSORS_ONLN);
  std::map<std::string, std::int64_t> ranks_of_host;
  std::vector<std::string> host_of_rank;
  for (const std::string& host : all_gather(comm, fmt::format("{} {}", host_name(), cores))) {
    ++ranks_of_host[host];
    host_of_rank.push_back(host.substr(0, host.rfind(' ')));
  }
  const auto fullest =
      std::max_element(ranks_of_host.begin(), ranks_of_host.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  return {.ranks = comm.size(),
          .hosts = std::ssize(ranks_of_host),
          .most_ranks_per_host = fullest->second,
          .cores_of_that_host = std::stoll(fullest->first.substr(fullest->first.rfind(' ') + 1)),
          .host_of_rank = std::move(host_of_rank)};
}

std::string describe(const RankPlacement& placement) {
  const auto count = [](std::int64_t n, const char* what) {
    return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
  };
  const std::string cores = count(placement.cores_of_that_host, "core");
  const bool shared = placement.shares_cores();
  if (placement.hosts == 1) {
    return fmt::format("{} {} {}", count(placement.ranks, "rank"), shared ? "share" : "on", cores);
  }
  return fmt::format("{} on {}, up to {} {} {} of one host", count(placement.ranks, "rank"),
                     count(placement.hosts, "host"), placement.most_ranks_per_host,
                     shared ? "sharing" : "on", cores);
}

}  // namespace shardwright
