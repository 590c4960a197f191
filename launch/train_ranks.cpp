#include "launch/train_ranks.hpp"

#include "costmodel/errors.hpp"
#include "launch/failure_line.hpp"
#include "launch/refuse_arguments.hpp"
#include "runtime/comm/collectives.hpp"
#include "runtime/comm/mpi_communicator.hpp"
#include "runtime/comm/same_program.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <exception>
#include <memory>
#include <new>
#include <string>

namespace shardwright {
namespace {

std::string host_name() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "unknown host";
}

/// For a failure that the other ranks do not know of: they may wait for this one.
int end_job(Communicator& comm, ExitCode code, const std::string& what) {
  print_failure(fmt::format("rank {} on {}: {}", comm.rank().value(), host_name(), what));
  if (comm.size() > 1) comm.abort(static_cast<int>(code));
  return static_cast<int>(code);
}

/// Prints what goes wrong, once, and returns the exit code, the same on every rank.
int run_rank(Communicator& comm, const std::function<void(Communicator&)>& work) {
  try {
    require_same_program(
        comm, fmt::format("shardwright {}, build {:.12}", SHARDWRIGHT_VERSION, build_id()));
    work(comm);
    return static_cast<int>(ExitCode::ok);
  } catch (const CollectiveError& error) {
    if (comm.rank() == RankId{0}) print_failure(error.what());
    return static_cast<int>(error.code());
  } catch (const Error& error) {
    return end_job(comm, error.code(), error.what());
  } catch (const std::bad_alloc&) {
    return end_job(comm, ExitCode::environment,
                   "There is not enough memory. Use a smaller batch or more ranks.");
  } catch (const std::exception& error) {
    return end_job(comm, ExitCode::internal,
                   fmt::format("Internal error (please report it): {}", error.what()));
  }
}

}  // namespace

int run_on_ranks(const std::function<void(Communicator&)>& work) {
  const MpiEnvironment mpi;
  const std::unique_ptr<Communicator> comm = make_mpi_communicator();
  return run_rank(*comm, work);
}

int refuse_arguments(const std::string& message) {
  try {
    if (started_by_launcher()) {
      // In the place of a job's first agreement, where ranks with right arguments are waiting.
      return run_on_ranks(
          [&](Communicator& comm) { run_together(comm, [&] { throw UsageError(message); }); });
    }
  } catch (const EnvironmentError&) {  // no MPI: the message is still what the user needs
  }
  print_failure(message);
  return static_cast<int>(ExitCode::usage);
}

}  // namespace shardwright
