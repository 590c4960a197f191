#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace shardwright {

/// A machine that ranks of a job run on.
struct JobHost {
  std::string name;
  std::int64_t slots = 1;  ///< ranks it takes
  bool operator==(const JobHost&) const = default;
};

inline constexpr std::size_t kLongestHostName = 255;  ///< DNS has no longer ones
/// Names go into command lines: letters, digits, dots, hyphens, underscores; never an option.
bool is_host_name(std::string_view name);

std::int64_t num_slots(const std::vector<JobHost>& hosts);

/// A file as mpirun reads it: a line per host, `nodeA slots=8`; # begins a comment. Throws
/// InputError with file and line.
std::vector<JobHost> read_hosts_file(const std::string& file);
/// "nodeA:8,nodeB". Throws UsageError.
std::vector<JobHost> parse_hosts(std::string_view list);

/// What Slurm gives a job in SLURM_JOB_NODELIST ("n[01-03,7],m2") and SLURM_TASKS_PER_NODE
/// ("4(x3),2,2"). Throws InputError, also for more than 131,072 hosts and for what is no host name.
std::vector<JobHost> slurm_hosts(std::string_view node_list, std::string_view tasks_per_node);

}  // namespace shardwright
