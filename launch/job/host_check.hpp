#pragma once

#include "launch/job/hosts.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace shardwright {

/// A host that takes no ranks, and why, in the words of what was to start them there.
struct HostFault {
  std::string host;
  std::string reason;
};

/// Whether a name or address is that of the machine this runs on.
bool is_this_machine(const std::string& host);

/// Runs `true` on each host by the program with which mpirun starts its ranks on others (ssh,
/// unless plm_rsh_agent names another one), on all at once, and returns those on which that fails
/// or takes longer than `seconds`. This machine is not asked, nor is a host of a Slurm allocation,
/// where Slurm starts the ranks. Blocks for so long.
std::vector<HostFault> faulty_hosts(const std::vector<JobHost>& hosts, double seconds);

/// Of those, one sentence: "host2 cannot take ranks (connection timed out)."
std::string describe(const std::vector<HostFault>& faults);

}  // namespace shardwright
