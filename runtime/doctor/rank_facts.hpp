#pragma once

#include "costmodel/bytes.hpp"
#include "runtime/comm/communicator.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace shardwright {

/// What one rank finds where it was started.
struct RankFacts {
  std::string host;
  std::string version;      ///< of this program
  std::string program;      ///< fingerprint of the executable file
  std::string mpi_library;  ///< its first line about itself
  std::string blas;         ///< path of the library that LibTorch multiplies with; empty: not found
  std::vector<std::int64_t> cores;  ///< logical, that this rank may run on
  std::int64_t threads = 1;         ///< OMP_NUM_THREADS, or all of `cores`
  Bytes memory;                     ///< that is left to the host or the container
  Bytes shared_memory;              ///< free in /dev/shm
  std::int64_t open_files = 0;      ///< how many this process may have
  bool has_ssh = false;
  bool with_cuda = false;         ///< in the build
  std::int64_t gpus = 0;          ///< visible
  std::string gpu_problem;        ///< why there are none
  std::int64_t ranks_beside = 0;  ///< Communicator::ranks_beside()
};

/// Asks the system; what it does not tell is left as above. `version` is this program's.
RankFacts find_rank_facts(const std::string& version);

/// All ranks' facts, by rank, with what they know of each other. Blocks.
std::vector<RankFacts> gather_rank_facts(Communicator& comm, const RankFacts& mine);

}  // namespace shardwright
