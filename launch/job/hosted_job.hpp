#pragma once

#include "launch/job/job_shape.hpp"

#include <string>
#include <vector>

namespace shardwright {

/// Runs a job on several hosts. Throws EnvironmentError at once, with the reason, if one of them
/// does not answer within `host_seconds` (0: they are not asked). If a host is lost meanwhile, or
/// the ranks have given the job up, mpirun, which may wait for that host without end, is ended.
/// Returns the exit code; EnvironmentError for a lost host, which it names. Blocks.
int run_hosted(const JobShape& shape, const std::vector<std::string>& command, double host_seconds);

/// So that mpirun notices within half a minute that a host is gone, not after eight; what the user
/// has set stays.
void notice_lost_hosts();

}  // namespace shardwright
