#include "runtime/doctor/rank_facts.hpp"

#include "costmodel/json/json_view.hpp"
#include "planner/input_file.hpp"
#include "runtime/comm/collectives.hpp"
#include "runtime/comm/host_name.hpp"
#include "runtime/comm/mpi_communicator.hpp"
#include "runtime/device/cuda.hpp"
#include "runtime/doctor/free_memory.hpp"

#include <sched.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace shardwright {
namespace {

/// Of the libraries this process has loaded.
std::string blas() {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    for (const char* name : {"libopenblas", "libmkl", "libblis", "libblas"}) {
      const std::size_t path = line.find('/');
      if (path == std::string::npos || line.find(name) == std::string::npos) continue;
      std::error_code ignored;
      return std::filesystem::canonical(line.substr(path), ignored).string();
    }
  }
  return {};
}

std::vector<std::int64_t> cores() {
  cpu_set_t set;
  std::vector<std::int64_t> result;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return result;
  for (std::size_t core = 0; core < CPU_SETSIZE; ++core) {
    if (CPU_ISSET(core, &set)) result.push_back(static_cast<std::int64_t>(core));
  }
  return result;
}

std::int64_t threads(std::size_t cores) {
  const char* text = std::getenv("OMP_NUM_THREADS");
  const long long asked = text == nullptr ? 0 : std::atoll(text);
  return asked > 0 ? asked : static_cast<std::int64_t>(cores);
}

Bytes shared_memory() {
  struct statvfs status = {};
  if (statvfs("/dev/shm", &status) != 0) return Bytes{0};
  return Bytes{static_cast<std::int64_t>(status.f_bavail * status.f_frsize)};
}

std::int64_t open_files() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  constexpr rlim_t kMany = rlim_t{1} << 40;  // without a limit
  return static_cast<std::int64_t>(std::min(limit.rlim_cur, kMany));
}

bool has_ssh() {
  std::istringstream path(std::getenv("PATH") == nullptr ? "" : std::getenv("PATH"));
  for (std::string folder; std::getline(path, folder, ':');) {
    if (access((folder + "/ssh").c_str(), X_OK) == 0) return true;
  }
  return false;
}

nlohmann::json to_json(const RankFacts& facts) {
  return {{"host", facts.host},
          {"version", facts.version},
          {"program", facts.program},
          {"mpi_library", facts.mpi_library},
          {"blas", facts.blas},
          {"cores", facts.cores},
          {"threads", facts.threads},
          {"memory", facts.memory.value()},
          {"shared_memory", facts.shared_memory.value()},
          {"open_files", facts.open_files},
          {"has_ssh", facts.has_ssh},
          {"with_cuda", facts.with_cuda},
          {"gpus", facts.gpus},
          {"gpu_problem", facts.gpu_problem},
          {"ranks_beside", facts.ranks_beside}};
}

RankFacts from_json(const nlohmann::json& json) {
  return {.host = json.at("host"),
          .version = json.at("version"),
          .program = json.at("program"),
          .mpi_library = json.at("mpi_library"),
          .blas = json.at("blas"),
          .cores = json.at("cores").get<std::vector<std::int64_t>>(),
          .threads = json.at("threads"),
          .memory = Bytes{json.at("memory").get<std::int64_t>()},
          .shared_memory = Bytes{json.at("shared_memory").get<std::int64_t>()},
          .open_files = json.at("open_files"),
          .has_ssh = json.at("has_ssh"),
          .with_cuda = json.at("with_cuda"),
          .gpus = json.at("gpus"),
          .gpu_problem = json.at("gpu_problem"),
          .ranks_beside = json.at("ranks_beside")};
}

}  // namespace

RankFacts find_rank_facts(const std::string& version) {
  RankFacts facts{.host = host_name(),
                  .version = version,
                  .program = fingerprint(read_input_file("/proc/self/exe").content),
                  .mpi_library = mpi_library_name(),
                  .blas = blas(),
                  .cores = cores(),
                  .memory = free_memory(),
                  .shared_memory = shared_memory(),
                  .open_files = open_files(),
                  .has_ssh = has_ssh(),
                  .gpu_problem = {}};
  facts.threads = threads(facts.cores.size());
  const CudaReport cuda = report_cuda();
  facts.with_cuda = cuda.built;
  facts.gpus = cuda.devices;
  facts.gpu_problem = cuda.problem;
  return facts;
}

std::vector<RankFacts> gather_rank_facts(Communicator& comm, const RankFacts& mine) {
  std::vector<RankFacts> facts;
  RankFacts sent = mine;
  const std::vector<bool> beside = comm.ranks_beside();
  sent.ranks_beside = std::count(beside.begin(), beside.end(), true);
  for (const std::string& text : all_gather(comm, to_json(sent).dump())) {
    facts.push_back(from_json(nlohmann::json::parse(text)));
  }
  return facts;
}

}  // namespace shardwright
