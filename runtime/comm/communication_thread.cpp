#include "runtime/comm/communication_thread.hpp"

#include "runtime/comm/collectives.hpp"
#include "runtime/comm/host_name.hpp"

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <sstream>
#include <vector>

namespace shardwright {
namespace {

/// None where the system does not tell.
std::string own_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return "0";
  std::string cores;
  for (std::size_t core = 0; core < CPU_SETSIZE; ++core) cores += CPU_ISSET(core, &set) ? '1' : '0';
  return cores;
}

RankCores parse_cores(const std::string& line) {
  RankCores rank;
  std::istringstream(line) >> rank.threads >> rank.cores >> rank.host;
  return rank;
}

bool share_a_core(const RankCores& a, const RankCores& b) {
  if (a.host != b.host) return false;
  for (std::size_t i = 0; i < std::min(a.cores.size(), b.cores.size()); ++i) {
    if (a.cores[i] == '1' && b.cores[i] == '1') return true;
  }
  return false;
}

}  // namespace

bool has_cores_for_all(std::span<const RankCores> ranks, std::size_t self) {
  const RankCores& own = ranks[self];
  std::int64_t threads = 0;
  for (std::size_t r = 0; r < ranks.size(); ++r) {
    if (r == self || share_a_core(own, ranks[r])) threads += ranks[r].threads;
  }
  return threads <= std::count(own.cores.begin(), own.cores.end(), '1');
}

bool gets_communication_thread(Communicator& comm, CommunicationThread choice,
                               std::int64_t threads) {
  const std::int64_t wanted = threads + (choice == CommunicationThread::off ? 0 : 1);
  std::vector<RankCores> ranks;
  for (const std::string& line :
       all_gather(comm, fmt::format("{} {} {}", wanted, own_cores(), host_name()))) {
    ranks.push_back(parse_cores(line));
  }
  if (choice != CommunicationThread::automatic) return choice == CommunicationThread::on;
  return ranks.size() > 1 && has_cores_for_all(ranks, comm.rank().index());
}

}  // namespace shardwright
