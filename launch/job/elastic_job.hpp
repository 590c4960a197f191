#pragma once

#include "launch/job/job_shape.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace shardwright {

struct ElasticOptions {
  std::int64_t restarts = 3;                 ///< after so many ranks have died, the job ends
  std::optional<double> grow_after_seconds;  ///< on fewer ranks; empty: stay there
  double host_seconds = 10;                  ///< for which a host may take to answer; 0: not asked
};

/// Runs a training on all of `shape`, and when a rank dies, plans for the ranks that are left and
/// goes on from the last checkpoint; so it does without all ranks of a host that is lost, or does
/// not answer at the start. After a time on fewer ranks it is stopped, with a checkpoint, and goes
/// on on all of them but those on hosts that do not answer; if all that are missing are on such, it
/// is not stopped. `command` is `shardwright train …`, with checkpoints. Ends as the
/// training does; an end by the user, or for a reason that would come again (bad input), is no
/// reason to restart. What happened is told on standard error, and once more, as a whole, at the
/// end. Returns the exit code. Throws UsageError, InputError, EnvironmentError. Blocks.
int run_elastic(const JobShape& shape, const ElasticOptions& options,
                const std::vector<std::string>& command);

/// The last value that `command` gives an option ("--plan P" or "--plan=P"), or its train config
/// gives the key of the same name; "" if neither does. Throws InputError.
std::string train_setting(const std::vector<std::string>& command, const std::string& option);

}  // namespace shardwright
