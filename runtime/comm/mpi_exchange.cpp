#include "runtime/comm/mpi_exchange.hpp"

#include "costmodel/errors.hpp"
#include "runtime/comm/mpi_errors.hpp"
#include "runtime/comm/waiting.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sched.h>

#include <algorithm>
#include <chrono>
#include <thread>

namespace shardwright {
namespace {

constexpr int kTag = 0;

}  // namespace

MpiExchange::MpiExchange(const Communicator& comm, std::int64_t message_limit,
                         bool ranks_share_cores)
    : comm_(comm), message_limit_(message_limit), ranks_share_cores_(ranks_share_cores) {}

void MpiExchange::start(std::span<const Communicator::SendBlock> send,
                        std::span<const Communicator::ReceiveBlock> receive) {
  const std::size_t self = comm_.rank().index();
  const std::size_t ranks = send.size();
  std::copy(send[self].begin(), send[self].end(), receive[self].begin());
  requests_.clear();
  pieces_.clear();
  // Each rank starts with its right-hand neighbour, so that they do not all queue at rank 0.
  for (std::size_t step = 1; step < ranks; ++step) {
    const std::size_t peer = (self + ranks - step) % ranks;
    start_receive(receive[peer], static_cast<int>(peer));
  }
  num_receives_ = pieces_.size();
  for (std::size_t step = 1; step < ranks; ++step) {
    const std::size_t peer = (self + step) % ranks;
    start_send(send[peer], static_cast<int>(peer));
  }
  left_ = requests_.size();
  statuses_.resize(left_);
  indices_.resize(left_);
}

void MpiExchange::start_receive(Communicator::ReceiveBlock block, int peer) {
  while (!block.empty()) {
    const Piece piece{.peer = peer, .bytes = piece_bytes(block.size())};
    check_mpi(MPI_Irecv(block.data(), piece.bytes, MPI_BYTE, peer, kTag, MPI_COMM_WORLD,
                        &requests_.emplace_back(MPI_REQUEST_NULL)),
              fmt::format("MPI_Irecv of {} bytes from rank {}", piece.bytes, peer));
    pieces_.push_back(piece);
    block = block.subspan(static_cast<std::size_t>(piece.bytes));
  }
}

void MpiExchange::start_send(Communicator::SendBlock block, int peer) {
  while (!block.empty()) {
    const Piece piece{.peer = peer, .bytes = piece_bytes(block.size())};
    check_mpi(MPI_Isend(block.data(), piece.bytes, MPI_BYTE, peer, kTag, MPI_COMM_WORLD,
                        &requests_.emplace_back(MPI_REQUEST_NULL)),
              fmt::format("MPI_Isend of {} bytes to rank {}", piece.bytes, peer));
    pieces_.push_back(piece);
    block = block.subspan(static_cast<std::size_t>(piece.bytes));
  }
}

int MpiExchange::piece_bytes(std::size_t left) const {
  return static_cast<int>(std::min(static_cast<std::int64_t>(left), message_limit_));
}

bool MpiExchange::advance() {
  if (left_ > 0) settle_some();
  return left_ == 0;
}

void MpiExchange::wait() {
  Waiting waiting(comm_.clock_ms());
  IdlePauses pauses;
  while (left_ > 0) {
    if (settle_some() > 0) {
      pauses.restart();
      continue;
    }
    require_patience(waiting.seconds(comm_.clock_ms()));
    pause(pauses);
  }
}

/// Lets others run, who may share the core.
void MpiExchange::pause(IdlePauses& pauses) const {
  const bool sleeps = ranks_share_cores_ && !comm_.waits_awake();
  const std::chrono::microseconds length = sleeps ? pauses.next() : std::chrono::microseconds{0};
  if (length.count() == 0) {
    ::sched_yield();
  } else {
    std::this_thread::sleep_for(length);
  }
}

/// How many requests were done. Not MPI_Waitall: Open MPI 4.1's never returns if a receive failed
/// before the call. Looking at whatever has arrived also tells of a failure while others are still
/// on their way.
std::size_t MpiExchange::settle_some() {
  int completed = 0;
  const int code = MPI_Testsome(static_cast<int>(requests_.size()), requests_.data(), &completed,
                                indices_.data(), statuses_.data());
  if (code != MPI_ERR_IN_STATUS) check_mpi(code, "MPI_Testsome");
  const auto done = static_cast<std::size_t>(std::max(completed, 0));
  for (std::size_t i = 0; i < done; ++i) {
    settle(static_cast<std::size_t>(indices_[i]), statuses_[i], code == MPI_ERR_IN_STATUS);
  }
  left_ -= done;
  return done;
}

void MpiExchange::settle(std::size_t request, const MPI_Status& status, bool has_error) const {
  const bool is_receive = request < num_receives_;
  if (has_error) {
    check_mpi(status.MPI_ERROR, is_receive
                                    ? fmt::format("Receiving from rank {}", pieces_[request].peer)
                                    : "Sending to another rank");
  }
  if (is_receive) check_length(pieces_[request], status);
}

void MpiExchange::check_length(const Piece& expected, const MPI_Status& status) {
  int bytes = 0;
  check_mpi(MPI_Get_count(&status, MPI_BYTE, &bytes), "MPI_Get_count");
  if (bytes == expected.bytes) return;
  throw EnvironmentError(
      fmt::format("Rank {} sent {} bytes where {} were expected: the ranks "
                  "run different programs or disagree on the step.",
                  expected.peer, bytes, expected.bytes));
}

void MpiExchange::require_patience(double waited_s) const {
  // Rank after rank, so that the first one to speak ends the job before the others do.
  constexpr double kSecondsBetweenRanks = 0.5;
  if (comm_.wait_limit_s() <= 0) return;
  const double turn_s = kSecondsBetweenRanks * static_cast<double>(comm_.rank().value());
  if (waited_s < comm_.wait_limit_s() + turn_s) return;
  throw Error(ExitCode::timeout,
              fmt::format("Waited {:.0f} s for rank {}, which hangs, is cut off or is very slow: "
                          "look at it on its host. --wait-limit-s says how long ranks wait for "
                          "each other (0: for ever).",
                          waited_s, fmt::join(missing_ranks(), ", ")));
}

/// Those who have not sent or not taken something.
std::set<int> MpiExchange::missing_ranks() const {
  std::set<int> ranks;
  for (std::size_t i = 0; i < requests_.size(); ++i) {
    if (requests_[i] != MPI_REQUEST_NULL) ranks.insert(pieces_[i].peer);
  }
  return ranks;
}

}  // namespace shardwright
