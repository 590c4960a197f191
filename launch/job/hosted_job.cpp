#include "launch/job/hosted_job.hpp"

#include "costmodel/errors.hpp"
#include "launch/job/host_check.hpp"
#include "launch/job/mpirun_words.hpp"
#include "launch/job/watched_process.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <optional>

namespace shardwright {
namespace {

void require_hosts(const JobShape& shape, double host_seconds) {
  if (host_seconds <= 0) return;
  const std::vector<HostFault> faults = faulty_hosts(shape.hosts, host_seconds);
  if (faults.empty()) return;
  throw EnvironmentError(fmt::format(
      "{} Nothing was started: leave it out, or try the same by hand.", describe(faults)));
}

/// Of a job that has failed.
void require_no_lost_host(const JobShape& shape, const std::optional<std::string>& lost,
                          double host_seconds) {
  if (host_seconds > 0) {
    const std::vector<HostFault> faults = faulty_hosts(shape.hosts, host_seconds);
    if (!faults.empty()) {
      throw EnvironmentError(fmt::format("{} The job has ended with it.", describe(faults)));
    }
  }
  if (!lost) return;
  throw EnvironmentError(fmt::format(
      "mpirun lost its daemon on {}, and with it the ranks there: look at that host.", *lost));
}

}  // namespace

void notice_lost_hosts() {
  ::setenv("OMPI_MCA_oob_tcp_keepalive_time", "10", 0);
  ::setenv("OMPI_MCA_oob_tcp_keepalive_intvl", "5", 0);
  ::setenv("OMPI_MCA_oob_tcp_keepalive_probes", "3", 0);
}

int run_hosted(const JobShape& shape, const std::vector<std::string>& command,
               double host_seconds) {
  require_hosts(shape, host_seconds);
  notice_lost_hosts();
  const std::vector<std::string> line = mpirun_line(shape, command);
  fmt::print(stderr, "{}\n", shell_line(line));
  std::fflush(nullptr);
  WatchRules rules;
  std::optional<std::string> lost;
  rules.hear = [&](const std::string& text) {
    if (!lost) lost = lost_host(text);
    return tells_end(text);
  };
  const ProcessEnd end = run_watched(line, rules);
  if (end.code != 0 && !end.asked_to_stop) require_no_lost_host(shape, lost, host_seconds);
  if (end.killed) {
    throw EnvironmentError(fmt::format(
        "mpirun has not ended within {} s after the job has, and was killed: see above why the job "
        "has.",
        rules.seconds_to_end));
  }
  return end.code;
}

}  // namespace shardwright
