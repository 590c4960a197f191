#include "launch/job/job_shape.hpp"

#include <fmt/format.h>

#include <cstdlib>

namespace shardwright {
namespace {

using Words = std::vector<std::string>;

void add(Words& words, std::initializer_list<std::string> more) {
  words.insert(words.end(), more.begin(), more.end());
}

void add_hosts(const JobShape& shape, Words& words) {
  if (shape.hosts.empty()) return;
  std::string list;
  for (const JobHost& host : shape.hosts) {
    list += fmt::format("{}{}:{}", list.empty() ? "" : ",", host.name, host.slots);
  }
  add(words, {"--host", list});
  for (const char* variable : {"PATH", "LD_LIBRARY_PATH", "OMP_NUM_THREADS"}) {
    if (std::getenv(variable) != nullptr) add(words, {"-x", variable});  // mpirun warns otherwise
  }
}

bool has_too_few_cores(const JobShape& shape) {
  return shape.cores > 0 && shape.ranks * shape.threads > shape.cores;
}

void add_mapping(const JobShape& shape, Words& words) {
  if (has_too_few_cores(shape)) {
    if (shape.mpi_major >= 5)
      return add(words, {"--map-by", "slot:OVERSUBSCRIBE", "--bind-to", "none"});
    return add(words, {"--oversubscribe", "--bind-to", "none"});
  }
  // Of several hosts, each takes its slots before the next; a slot is `threads` cores wide.
  add(words, {"--map-by", shape.threads > 1 ? fmt::format("slot:PE={}", shape.threads) : "slot",
              "--bind-to", "core"});
}

}  // namespace

std::string describe(const JobShape& shape) {
  const std::string ranks = fmt::format("{} rank{}", shape.ranks, shape.ranks == 1 ? "" : "s");
  if (shape.hosts.empty()) return ranks + " on this machine";
  return fmt::format("{} on {} host{}", ranks, shape.hosts.size(),
                     shape.hosts.size() == 1 ? "" : "s");
}

Words mpirun_line(const JobShape& shape, const Words& command) {
  Words words = {"mpirun", "-n", fmt::to_string(shape.ranks)};
  add_hosts(shape, words);
  add_mapping(shape, words);
  words.insert(words.end(), command.begin(), command.end());
  return words;
}

}  // namespace shardwright
