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

/// The ranks of this host, while it lives.
class RanksOfHost {
 public:
  RanksOfHost() {
    check_mpi(MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &ranks_),
              "MPI_Comm_split_type");
  }
  ~RanksOfHost() { MPI_Comm_free(&ranks_); }
  RanksOfHost(const RanksOfHost&) = delete;
  RanksOfHost& operator=(const RanksOfHost&) = delete;

  int size() const {
    int size = 0;
    check_mpi(MPI_Comm_size(ranks_, &size), "MPI_Comm_size");
    return size;
  }
  /// That any of them may run on; 0 if the system does not say.
  int cores() const {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    if (sched_getaffinity(0, sizeof cores, &cores) != 0) CPU_ZERO(&cores);
    check_mpi(MPI_Allreduce(MPI_IN_PLACE, &cores, sizeof cores, MPI_BYTE, MPI_BOR, ranks_),
              "MPI_Allreduce of the cores of a host's ranks");
    return CPU_COUNT(&cores);
  }

 private:
  MPI_Comm ranks_ = MPI_COMM_NULL;
};

}  // namespace

bool ranks_share_cores() {
  const RanksOfHost ranks;
  const int cores = ranks.cores();
  return (cores > 0 && ranks.size() > cores) || is_told_to_yield();
}

}  // namespace shardwright
