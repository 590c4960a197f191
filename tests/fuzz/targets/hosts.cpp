#include "launch/job/hosts.hpp"

#include "costmodel/errors.hpp"
#include "tests/fuzz/scratch_folder.hpp"
#include "tests/fuzz/targets.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace shardwright::fuzz {
namespace {

// Names go into command lines: none may read as an option or as several words.
void require_names(const std::vector<JobHost>& hosts) {
  num_slots(hosts);
  for (const JobHost& host : hosts) {
    const bool option = host.name.empty() || host.name.front() == '-';
    if (option || host.name.find_first_of(" \t\n'\"`$;&|<>()\\,:") != std::string::npos) {
      throw std::logic_error("no name for a host: " + host.name);
    }
  }
}

template <class Read>
void try_read(const Read& read) {
  try {
    require_names(read());
  } catch (const InputError&) {  // refused: the next reader's turn
  } catch (const UsageError&) {
  }
}

}  // namespace

// A file of hosts, the list of --host, and Slurm's two variables with a blank between them.
void read_host_lists(std::string_view input) {
  try_read([&] { return read_hosts_file(scratch().write("hosts", input)); });
  try_read([&] { return parse_hosts(input); });
  const std::size_t blank = std::min(input.find(' '), input.size());
  const std::string_view tasks = input.substr(std::min(blank + 1, input.size()));
  try_read([&] { return slurm_hosts(input.substr(0, blank), tasks); });
}

}  // namespace shardwright::fuzz
