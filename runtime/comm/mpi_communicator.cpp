#include "runtime/comm/mpi_communicator.hpp"

#include "costmodel/errors.hpp"
#include "runtime/comm/waiting.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <mpi.h>
#include <sched.h>

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <initializer_list>
#include <set>
#include <string>
#include <vector>

namespace shardwright {
namespace {

std::string error_text(int code) {
  char text[MPI_MAX_ERROR_STRING] = {};
  int length = 0;
  if (MPI_Error_string(code, text, &length) != MPI_SUCCESS) return fmt::format("error {}", code);
  return {text, static_cast<std::size_t>(length)};
}

void check(int code, const std::string& call) {
  if (code != MPI_SUCCESS) {
    throw EnvironmentError(
        fmt::format("{} failed: {}. See the other ranks' output and the "
                    "network between the hosts.",
                    call, error_text(code)));
  }
}

bool any_set(std::initializer_list<const char*> variables) {
  return std::any_of(variables.begin(), variables.end(),
                     [](const char* name) { return std::getenv(name) != nullptr; });
}

// srun without a matching PMI starts n jobs of one rank each, which would all write the same files.
void refuse_separate_srun_tasks() {
  const char* tasks = std::getenv("SLURM_STEP_NUM_TASKS");
  int ranks = 0;
  check(MPI_Comm_size(MPI_COMM_WORLD, &ranks), "MPI_Comm_size");
  if (tasks == nullptr || std::atoi(tasks) <= 1 || ranks > 1 || any_set({"OMPI_COMM_WORLD_RANK"})) {
    return;
  }
  throw EnvironmentError(
      fmt::format("srun started {} tasks, but MPI sees each as a job of its own: start them with "
                  "`srun --mpi=pmix` (`srun --mpi=list` shows what this cluster offers) or with "
                  "mpirun.",
                  tasks));
}

/// One piece of a block on its way to or from `peer`.
struct Piece {
  int peer = 0;
  int bytes = 0;
};

class MpiCommunicator final : public Communicator {
 public:
  explicit MpiCommunicator(std::int64_t message_limit) : message_limit_(message_limit) {
    check(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
    check(MPI_Comm_rank(MPI_COMM_WORLD, &rank_), "MPI_Comm_rank");
    check(MPI_Comm_size(MPI_COMM_WORLD, &size_), "MPI_Comm_size");
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

  [[noreturn]] void abort(int exit_code) override {
    MPI_Abort(MPI_COMM_WORLD, exit_code);
    std::_Exit(exit_code);  // MPI_Abort may return if the job is already coming down
  }

 private:
  void do_all_to_all(std::span<const SendBlock> send,
                     std::span<const ReceiveBlock> receive) override {
    const auto self = static_cast<std::size_t>(rank_);
    std::copy(send[self].begin(), send[self].end(), receive[self].begin());
    requests_.clear();
    pieces_.clear();
    // Each rank starts with its right-hand neighbour, so that they do not all queue at rank 0.
    for (int step = 1; step < size_; ++step) {
      const int peer = (rank_ + size_ - step) % size_;
      start_receive(receive[static_cast<std::size_t>(peer)], peer);
    }
    num_receives_ = pieces_.size();
    for (int step = 1; step < size_; ++step) {
      const int peer = (rank_ + step) % size_;
      start_send(send[static_cast<std::size_t>(peer)], peer);
    }
    wait_all();
  }

  void start_receive(ReceiveBlock block, int peer) {
    while (!block.empty()) {
      const Piece piece{.peer = peer, .bytes = piece_bytes(block.size())};
      check(MPI_Irecv(block.data(), piece.bytes, MPI_BYTE, peer, kTag, MPI_COMM_WORLD,
                      &requests_.emplace_back(MPI_REQUEST_NULL)),
            fmt::format("MPI_Irecv of {} bytes from rank {}", piece.bytes, peer));
      pieces_.push_back(piece);
      block = block.subspan(static_cast<std::size_t>(piece.bytes));
    }
  }

  void start_send(SendBlock block, int peer) {
    while (!block.empty()) {
      const Piece piece{.peer = peer, .bytes = piece_bytes(block.size())};
      check(MPI_Isend(block.data(), piece.bytes, MPI_BYTE, peer, kTag, MPI_COMM_WORLD,
                      &requests_.emplace_back(MPI_REQUEST_NULL)),
            fmt::format("MPI_Isend of {} bytes to rank {}", piece.bytes, peer));
      pieces_.push_back(piece);
      block = block.subspan(static_cast<std::size_t>(piece.bytes));
    }
  }

  int piece_bytes(std::size_t left) const {
    return static_cast<int>(std::min(static_cast<std::int64_t>(left), message_limit_));
  }

  // Not MPI_Waitall: Open MPI 4.1's never returns if a receive failed before the call. Looking at
  // whatever has arrived also tells of a failure while others are still on their way.
  void wait_all() {
    Waiting waiting(clock_ms());
    const auto count = static_cast<int>(requests_.size());
    statuses_.resize(requests_.size());
    indices_.resize(requests_.size());
    for (int left = count; left > 0;) {
      int completed = 0;
      const int code =
          MPI_Testsome(count, requests_.data(), &completed, indices_.data(), statuses_.data());
      if (code != MPI_ERR_IN_STATUS) check(code, "MPI_Testsome");
      for (std::size_t i = 0; i < static_cast<std::size_t>(completed); ++i) {
        settle(static_cast<std::size_t>(indices_[i]), statuses_[i], code == MPI_ERR_IN_STATUS);
      }
      left -= completed;
      if (completed > 0) continue;
      require_patience(waiting.seconds(clock_ms()));
      ::sched_yield();  // other ranks may share the core
    }
  }

  void require_patience(double waited_s) const {
    // Rank after rank, so that the first one to speak ends the job before the others do.
    constexpr double kSecondsBetweenRanks = 0.5;
    if (wait_limit_s() <= 0) return;
    if (waited_s < wait_limit_s() + kSecondsBetweenRanks * rank_) return;
    throw Error(ExitCode::timeout,
                fmt::format("Waited {:.0f} s for rank {}, which hangs, is cut off or is very slow: "
                            "look at it on its host. --wait-limit-s says how long ranks wait for "
                            "each other (0: for ever).",
                            waited_s, fmt::join(missing_ranks(), ", ")));
  }

  /// Those who have not sent or not taken something of the operation under way.
  std::set<int> missing_ranks() const {
    std::set<int> ranks;
    for (std::size_t i = 0; i < requests_.size(); ++i) {
      if (requests_[i] != MPI_REQUEST_NULL) ranks.insert(pieces_[i].peer);
    }
    return ranks;
  }

  void settle(std::size_t request, const MPI_Status& status, bool has_error) const {
    const bool is_receive = request < num_receives_;
    if (has_error) {
      check(status.MPI_ERROR, is_receive
                                  ? fmt::format("Receiving from rank {}", pieces_[request].peer)
                                  : "Sending to another rank");
    }
    if (is_receive) check_length(pieces_[request], status);
  }

  static void check_length(const Piece& expected, const MPI_Status& status) {
    int bytes = 0;
    check(MPI_Get_count(&status, MPI_BYTE, &bytes), "MPI_Get_count");
    if (bytes == expected.bytes) return;
    throw EnvironmentError(
        fmt::format("Rank {} sent {} bytes where {} were expected: the ranks "
                    "run different programs or disagree on the step.",
                    expected.peer, bytes, expected.bytes));
  }

  static constexpr int kTag = 0;
  std::int64_t message_limit_;
  int rank_ = 0;
  int size_ = 1;
  std::vector<MPI_Request> requests_;  ///< receives first, then sends
  std::vector<MPI_Status> statuses_;   ///< of those that completed, as are the indices
  std::vector<int> indices_;
  std::vector<Piece> pieces_;  ///< one per request
  std::size_t num_receives_ = 0;
};

}  // namespace

MpiEnvironment::MpiEnvironment() : exceptions_at_start_(std::uncaught_exceptions()) {
  int provided = MPI_THREAD_SINGLE;
  check(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided), "MPI_Init_thread");
  check(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  if (provided < MPI_THREAD_FUNNELED) {
    throw EnvironmentError(
        "This MPI library does not allow threads beside the one that communicates "
        "(MPI_THREAD_FUNNELED): use one that was built with thread support.");
  }
  refuse_separate_srun_tasks();
}

MpiEnvironment::~MpiEnvironment() {
  if (std::uncaught_exceptions() == exceptions_at_start_) MPI_Finalize();
}

std::unique_ptr<Communicator> make_mpi_communicator(std::int64_t message_limit_bytes) {
  if (message_limit_bytes < 1 || message_limit_bytes > INT_MAX) {
    throw UsageError(fmt::format("The message limit is {} bytes; MPI allows 1 to {}.",
                                 message_limit_bytes, INT_MAX));
  }
  return std::make_unique<MpiCommunicator>(message_limit_bytes);
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
