#include "runtime/comm/shared_cores.hpp"

#include "runtime/comm/mpi_errors.hpp"

#include <mpi.h>
#include <sched.h>

#include <cstdlib>
#include <string_view>

namespace shardwright {
namespace {

bool is_told_to_yield() {
  const char* told = std::getenv("OMPI_MCA_mpi_yield_when_idle");
  if (told == nullptr) return false;
  const std::string_view value(told);
  return value == "1" || value == "true" || value == "yes";
}

/// That this rank may run on; none if the system does not say.
cpu_set_t own_cores() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  if (sched_getaffinity(0, sizeof cores, &cores) != 0) CPU_ZERO(&cores);
  return cores;
}

/// Whether ranks of this host are more than the cores that any of them may run on.
bool cores_are_fewer() {
  MPI_Comm of_host = MPI_COMM_NULL;
  check_mpi(MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &of_host),
            "MPI_Comm_split_type");
  int ranks = 0;
  check_mpi(MPI_Comm_size(of_host, &ranks), "MPI_Comm_size");
  cpu_set_t cores = own_cores();
  check_mpi(MPI_Allreduce(MPI_IN_PLACE, &cores, sizeof cores, MPI_BYTE, MPI_BOR, of_host),
            "MPI_Allreduce of the cores of a host's ranks");
  check_mpi(MPI_Comm_free(&of_host), "MPI_Comm_free");
  return CPU_COUNT(&cores) > 0 && ranks > CPU_COUNT(&cores);
}

}  // namespace

bool ranks_share_cores() {
  const bool fewer = cores_are_fewer();
  return fewer || is_told_to_yield();
}

}  // namespace shardwright
