#include "runtime/comm/thread_communicator.hpp"

#include "costmodel/errors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

namespace shardwright {
namespace {

/// Where the threads of one run_ranks() meet. A meeting that can no longer be complete, because a
/// rank has failed or ended, throws on all that wait for it.
class MeetingPoint {
 public:
  explicit MeetingPoint(std::int64_t size) : size_(size) {}

  void wait() {
    std::unique_lock lock(mutex_);
    const std::int64_t meeting = meetings_;
    if (++waiting_ == size_) {
      waiting_ = 0;
      ++meetings_;
      changed_.notify_all();
      return;
    }
    changed_.wait(lock, [&] { return meetings_ != meeting || failure_ || ended_ > 0; });
    if (meetings_ != meeting) return;
    if (failure_) throw EnvironmentError("Another rank has failed.");
    throw std::logic_error("A rank waits for another one that has ended.");
  }

  /// Keeps the first failure and releases those who wait.
  void fail(std::exception_ptr failure) {
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = std::move(failure);
    changed_.notify_all();
  }

  void end() {
    const std::lock_guard lock(mutex_);
    ++ended_;
    changed_.notify_all();
  }

  /// After all threads are done.
  void rethrow_failure() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  std::int64_t size_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::int64_t waiting_ = 0;
  std::int64_t meetings_ = 0;
  std::int64_t ended_ = 0;
  std::exception_ptr failure_;
};

/// What the ranks of one run share.
struct Job {
  explicit Job(std::int64_t size) : meeting_point(size), posted(static_cast<std::size_t>(size)) {}
  MeetingPoint meeting_point;
  std::vector<std::span<const Communicator::SendBlock>> posted;  ///< per rank, of this all_to_all
};

class ThreadCommunicator final : public Communicator {
 public:
  ThreadCommunicator(Job& job, RankId rank) : job_(job), rank_(rank) {}

  RankId rank() const override { return rank_; }
  std::int64_t size() const override { return static_cast<std::int64_t>(job_.posted.size()); }
  void barrier() override { job_.meeting_point.wait(); }

  [[noreturn]] void abort(int exit_code) override {
    const Error error(
        static_cast<ExitCode>(exit_code),
        fmt::format("Rank {} aborted the job with exit code {}.", rank_.value(), exit_code));
    job_.meeting_point.fail(std::make_exception_ptr(error));
    throw error;
  }

 private:
  void do_all_to_all(std::span<const SendBlock> send,
                     std::span<const ReceiveBlock> receive) override {
    job_.posted[rank_.index()] = send;
    job_.meeting_point.wait();
    const std::string problem = copy_from_peers(receive);
    // Also when the sizes disagree: peers still read this rank's blocks until all have met here.
    job_.meeting_point.wait();
    if (!problem.empty()) throw std::logic_error(problem);
  }

  std::string copy_from_peers(std::span<const ReceiveBlock> receive) const {
    for (std::size_t peer = 0; peer < receive.size(); ++peer) {
      const SendBlock block = job_.posted[peer][rank_.index()];
      if (block.size() != receive[peer].size()) {
        return fmt::format("Rank {} sent {} bytes to rank {}, which expected {}.", peer,
                           block.size(), rank_.value(), receive[peer].size());
      }
      std::copy(block.begin(), block.end(), receive[peer].begin());
    }
    return {};
  }

  Job& job_;
  RankId rank_;
};

void run_rank(Job& job, RankId rank, const std::function<void(Communicator&)>& work) {
  try {
    ThreadCommunicator comm(job, rank);
    work(comm);
    job.meeting_point.end();
  } catch (...) {
    job.meeting_point.fail(std::current_exception());
  }
}

}  // namespace

void run_ranks(std::int64_t size, const std::function<void(Communicator&)>& work) {
  Job job(size);
  std::vector<std::thread> threads;
  try {
    for (std::int64_t r = 0; r < size; ++r) {
      threads.emplace_back(run_rank, std::ref(job), RankId{r}, std::cref(work));
    }
  } catch (...) {  // no more threads to be had: those that run must not wait for the missing ones
    job.meeting_point.fail(std::current_exception());
  }
  for (std::thread& thread : threads) thread.join();
  job.meeting_point.rethrow_failure();
}

}  // namespace shardwright
