#include "runtime/comm/mpi_communicator.hpp"

#include "costmodel/errors.hpp"
#include "runtime/comm/mpi_errors.hpp"
#include "runtime/comm/mpi_exchange.hpp"
#include "runtime/comm/ranks_beside.hpp"
#include "runtime/comm/shared_cores.hpp"

#include <fmt/format.h>
#include <mpi.h>

#include <algorithm>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

namespace shardwright {
namespace {

bool any_set(std::initializer_list<const char*> variables) {
  return std::any_of(variables.begin(), variables.end(),
                     [](const char* name) { return std::getenv(name) != nullptr; });
}

/// Tasks that one srun started without mpirun; 0 without srun.
int srun_tasks() {
  const char* tasks = std::getenv("SLURM_STEP_NUM_TASKS");
  return tasks == nullptr || any_set({"OMPI_COMM_WORLD_RANK"}) ? 0 : std::atoi(tasks);
}

// srun without a matching PMI starts n jobs of one rank each, which would all write the same files.
void refuse_separate_tasks(int tasks) {
  throw EnvironmentError(
      fmt::format("srun started {} tasks, but MPI sees each as a job of its own: start them with "
                  "`srun --mpi=pmix` (`srun --mpi=list` shows what this cluster offers) or with "
                  "mpirun.",
                  tasks));
}

// Before MPI starts, which Open MPI refuses at length.
void refuse_srun_without_pmi() {
  const int tasks = srun_tasks();
  if (tasks > 1 && !any_set({"PMIX_RANK", "PMI_RANK"})) refuse_separate_tasks(tasks);
}

void refuse_separate_srun_tasks() {
  int ranks = 0;
  check_mpi(MPI_Comm_size(MPI_COMM_WORLD, &ranks), "MPI_Comm_size");
  if (srun_tasks() > 1 && ranks == 1) refuse_separate_tasks(srun_tasks());
}

class MpiCommunicator final : public Communicator {
 public:
  MpiCommunicator(std::int64_t message_limit, bool share_cores)
      : message_limit_(message_limit),
        share_cores_(share_cores),
        blocking_(*this, message_limit, share_cores) {
    check_mpi(MPI_Comm_rank(MPI_COMM_WORLD, &rank_), "MPI_Comm_rank");
    check_mpi(MPI_Comm_size(MPI_COMM_WORLD, &size_), "MPI_Comm_size");
  }

  RankId rank() const override { return RankId{rank_}; }
  std::int64_t size() const override { return size_; }

  // Messages rather than MPI_Barrier, which neither ends when a rank hangs nor says which.
  void barrier() override {
    const std::vector<std::byte> sent(1);
    std::vector<std::byte> received(static_cast<std::size_t>(size_));
    std::vector<ReceiveBlock> receive;
    receive.reserve(received.size());
    for (std::byte& byte : received) receive.emplace_back(&byte, 1);
    do_all_to_all(std::vector<SendBlock>(received.size(), sent), receive);
  }

  std::vector<bool> ranks_beside() override {
    if (!beside_) {
      beside_ = find_ranks_beside(
          *this, [this](const auto& send, const auto& receive) { do_all_to_all(send, receive); });
    }
    return *beside_;
  }

  [[noreturn]] void abort(int exit_code) override {
    MPI_Abort(MPI_COMM_WORLD, exit_code);
    std::_Exit(exit_code);  // MPI_Abort may return if the job is already coming down
  }

 private:
  void do_all_to_all(std::span<const SendBlock> send,
                     std::span<const ReceiveBlock> receive) override {
    blocking_.start(send, receive);
    blocking_.wait();
  }

  std::unique_ptr<Exchange> do_start(std::span<const SendBlock> send,
                                     std::span<const ReceiveBlock> receive) override {
    auto exchange = std::make_unique<MpiExchange>(*this, message_limit_, share_cores_);
    exchange->start(send, receive);
    return exchange;
  }

  std::int64_t message_limit_;
  bool share_cores_;
  int rank_ = 0;
  int size_ = 1;
  MpiExchange blocking_;  ///< of all_to_all()
  std::optional<std::vector<bool>> beside_;
};

}  // namespace

MpiEnvironment::MpiEnvironment() : exceptions_at_start_(std::uncaught_exceptions()) {
  refuse_srun_without_pmi();
  int provided = MPI_THREAD_SINGLE;
  check_mpi(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided), "MPI_Init_thread");
  check_mpi(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  if (provided < MPI_THREAD_FUNNELED) {
    throw EnvironmentError(
        "This MPI library does not allow threads beside the one that communicates "
        "(MPI_THREAD_FUNNELED): use one that was built with thread support.");
  }
  refuse_separate_srun_tasks();
}

MpiEnvironment::~MpiEnvironment() {
  if (std::uncaught_exceptions() != exceptions_at_start_) return;
  if (MPI_Finalize() != MPI_SUCCESS) std::fputs("shardwright: MPI_Finalize failed.\n", stderr);
}

std::unique_ptr<Communicator> make_mpi_communicator(std::int64_t message_limit_bytes) {
  if (message_limit_bytes < 1 || message_limit_bytes > INT_MAX) {
    throw UsageError(fmt::format("The message limit is {} bytes; MPI allows 1 to {}.",
                                 message_limit_bytes, INT_MAX));
  }
  check_mpi(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  return std::make_unique<MpiCommunicator>(message_limit_bytes, ranks_share_cores());
}

std::string mpi_library_name() {
  char text[MPI_MAX_LIBRARY_VERSION_STRING] = {};
  int length = 0;
  if (MPI_Get_library_version(text, &length) != MPI_SUCCESS) return "unknown";
  const std::string whole(text, static_cast<std::size_t>(length));
  return whole.substr(0, whole.find_first_of(",\n"));
}

bool started_by_launcher() {
  return any_set({"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID"});
}

}  // namespace shardwright
