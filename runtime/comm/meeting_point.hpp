#pragma once

#include "runtime/comm/communicator.hpp"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace shardwright {

/// One exchange of the threads of a job. Between two ranks the one that comes second copies both
/// ways, so it is done once all have come.
struct Board {
  explicit Board(std::size_t size) : posts(size) {}
  struct Post {
    std::vector<Communicator::SendBlock> send;
    std::vector<Communicator::ReceiveBlock> receive;
  };
  std::vector<std::optional<Post>> posts;  ///< per rank
  std::size_t posted = 0;
  bool done() const { return posted == posts.size(); }
};

/// Where the threads of one run_ranks() meet. An exchange that can no longer be complete, because a
/// rank has failed or ended, throws on all that wait for it.
class MeetingPoint {
 public:
  explicit MeetingPoint(std::size_t size) : ended_(size) {}

  std::size_t size() const { return ended_.size(); }

  /// A rank's part in the exchange of this number: every rank counts its own from 0. Throws
  /// std::logic_error if sizes disagree.
  std::shared_ptr<Board> post(std::size_t rank, std::int64_t number, Board::Post post);
  /// What a rank posted must not be looked at any more.
  void withdraw(std::size_t rank, Board& board);
  /// Throws if a rank has failed before it was.
  bool done(const Board& board);
  /// Blocks.
  void wait(const Board& board);

  /// Keeps the first failure and releases those who wait.
  void fail(std::exception_ptr failure);
  void end(std::size_t rank);
  /// After all threads are done.
  void rethrow_failure() const;

 private:
  bool misses_ended_rank(const Board& board) const;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::int64_t, std::shared_ptr<Board>> boards_;  ///< not done yet, by number
  std::vector<bool> ended_;                                ///< per rank
  std::exception_ptr failure_;
};

}  // namespace shardwright
