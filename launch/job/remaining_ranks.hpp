#pragma once

#include "costmodel/topology.hpp"
#include "launch/job/job_shape.hpp"

#include <cstdint>
#include <string>

namespace shardwright {

/// The ranks of a job that are left, and what a plan knows of them. Ranks fill the hosts in their
/// order.
struct RemainingRanks {
  JobShape shape;
  Topology topology;  ///< without ranks, if there is no plan
};

/// Leaves out one rank; its host has a slot less then, or goes with its last one.
void leave_out_rank(RemainingRanks& left, std::int64_t rank);

/// Leaves out a host with all of its ranks. Returns their number, 0 if the job has no such host.
std::int64_t leave_out_host(RemainingRanks& left, const std::string& host);

/// The hosts of `full` that have fewer ranks in `left`, each with all of its slots.
std::vector<JobHost> hosts_with_less(const JobShape& full, const JobShape& left);

}  // namespace shardwright
