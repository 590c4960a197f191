#include "runtime/comm/thread_communicator.hpp"

#include "costmodel/errors.hpp"
#include "runtime/comm/meeting_point.hpp"

#include <fmt/format.h>

#include <exception>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace shardwright {
namespace {

class ThreadExchange final : public Communicator::Exchange {
 public:
  ThreadExchange(MeetingPoint& meeting_point, std::size_t rank, std::shared_ptr<Board> board)
      : meeting_point_(meeting_point), rank_(rank), board_(std::move(board)) {}
  ~ThreadExchange() override { meeting_point_.withdraw(rank_, *board_); }
  ThreadExchange(const ThreadExchange&) = delete;
  ThreadExchange& operator=(const ThreadExchange&) = delete;

  bool advance() override { return meeting_point_.done(*board_); }
  void wait() override { meeting_point_.wait(*board_); }

 private:
  MeetingPoint& meeting_point_;
  std::size_t rank_;
  std::shared_ptr<Board> board_;
};

class ThreadCommunicator final : public Communicator {
 public:
  ThreadCommunicator(MeetingPoint& meeting_point, RankId rank, ThreadMemory memory)
      : meeting_point_(meeting_point), rank_(rank), memory_(memory) {}

  RankId rank() const override { return rank_; }
  std::int64_t size() const override { return static_cast<std::int64_t>(meeting_point_.size()); }
  void barrier() override {
    do_all_to_all(std::vector<SendBlock>(meeting_point_.size()),
                  std::vector<ReceiveBlock>(meeting_point_.size()));
  }

  std::vector<bool> ranks_beside() override {
    std::vector<bool> beside(meeting_point_.size(), memory_ == ThreadMemory::shared);
    beside[rank_.index()] = false;
    return beside;
  }

  [[noreturn]] void abort(int exit_code) override {
    const Error error(
        static_cast<ExitCode>(exit_code),
        fmt::format("Rank {} aborted the job with exit code {}.", rank_.value(), exit_code));
    meeting_point_.fail(std::make_exception_ptr(error));
    throw error;
  }

 private:
  void do_all_to_all(std::span<const SendBlock> send,
                     std::span<const ReceiveBlock> receive) override {
    do_start(send, receive)->wait();
  }

  std::unique_ptr<Exchange> do_start(std::span<const SendBlock> send,
                                     std::span<const ReceiveBlock> receive) override {
    Board::Post post{{send.begin(), send.end()}, {receive.begin(), receive.end()}};
    return std::make_unique<ThreadExchange>(
        meeting_point_, rank_.index(),
        meeting_point_.post(rank_.index(), started_++, std::move(post)));
  }

  MeetingPoint& meeting_point_;
  RankId rank_;
  ThreadMemory memory_;
  std::int64_t started_ = 0;  ///< exchanges
};

void run_rank(MeetingPoint& meeting_point, RankId rank, ThreadMemory memory,
              const std::function<void(Communicator&)>& work) {
  try {
    ThreadCommunicator comm(meeting_point, rank, memory);
    work(comm);
    meeting_point.end(rank.index());
  } catch (...) {
    meeting_point.fail(std::current_exception());
  }
}

}  // namespace

void run_ranks(std::int64_t size, const std::function<void(Communicator&)>& work,
               ThreadMemory memory) {
  MeetingPoint meeting_point(static_cast<std::size_t>(size));
  std::vector<std::thread> threads;
  try {
    for (std::int64_t r = 0; r < size; ++r) {
      threads.emplace_back(run_rank, std::ref(meeting_point), RankId{r}, memory, std::cref(work));
    }
  } catch (...) {  // no more threads to be had: those that run must not wait for the missing ones
    meeting_point.fail(std::current_exception());
  }
  for (std::thread& thread : threads) thread.join();
  meeting_point.rethrow_failure();
}

}  // namespace shardwright
