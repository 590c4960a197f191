#pragma once

#include "runtime/comm/communicator.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace shardwright {

/// MPI_Init … MPI_Finalize. Works under mpirun, srun and alone (one rank). Does not finalize while
/// an exception unwinds: peers may be blocked.
class MpiEnvironment {
 public:
  MpiEnvironment();
  ~MpiEnvironment();
  MpiEnvironment(const MpiEnvironment&) = delete;
  MpiEnvironment& operator=(const MpiEnvironment&) = delete;

 private:
  int exceptions_at_start_;
};

/// Over MPI_COMM_WORLD, all of whose ranks call this together; blocks. Ranks that wait for others
/// sleep where they share cores (shared_cores.hpp), unless set_waits_awake() says otherwise, and
/// keep looking where they do not. `message_limit_bytes`: longer messages are cut; small values are
/// for tests.
std::unique_ptr<Communicator> make_mpi_communicator(
    std::int64_t message_limit_bytes = std::int64_t{1} << 30);

/// The library's first words about itself ("Open MPI v4.1.4"), "unknown" if it says nothing.
std::string mpi_library_name();

/// True if a launcher (mpirun, srun, …) started this process: no colours, plain progress lines
/// then. Ask before MpiEnvironment: a lone Open MPI process sets the same variables itself.
bool started_by_launcher();

}  // namespace shardwright
