#include "runtime/comm/meeting_point.hpp"

#include "costmodel/errors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace shardwright {
namespace {

void copy(const Board::Post& sender, std::size_t from, const Board::Post& receiver,
          std::size_t to) {
  const Communicator::SendBlock block = sender.send[to];
  if (block.size() != receiver.receive[from].size()) {
    throw std::logic_error(fmt::format("Rank {} sent {} bytes to rank {}, which expected {}.", from,
                                       block.size(), to, receiver.receive[from].size()));
  }
  std::copy(block.begin(), block.end(), receiver.receive[from].begin());
}

}  // namespace

std::shared_ptr<Board> MeetingPoint::post(std::size_t rank, std::int64_t number, Board::Post post) {
  const std::lock_guard lock(mutex_);
  std::shared_ptr<Board>& place = boards_[number];
  if (!place) place = std::make_shared<Board>(size());
  std::shared_ptr<Board> board = place;
  copy(post, rank, post, rank);
  for (std::size_t peer = 0; peer < size(); ++peer) {
    if (!board->posts[peer]) continue;
    copy(*board->posts[peer], peer, post, rank);
    copy(post, rank, *board->posts[peer], peer);
  }
  board->posts[rank] = std::move(post);
  ++board->posted;
  if (board->done()) {
    boards_.erase(number);
    changed_.notify_all();
  }
  return board;
}

void MeetingPoint::withdraw(std::size_t rank, Board& board) {
  const std::lock_guard lock(mutex_);
  if (board.done()) return;
  board.posts[rank].reset();
  --board.posted;
}

bool MeetingPoint::done(const Board& board) {
  const std::lock_guard lock(mutex_);
  if (failure_ && !board.done()) throw EnvironmentError("Another rank has failed.");
  return board.done();
}

void MeetingPoint::wait(const Board& board) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return board.done() || failure_ || misses_ended_rank(board); });
  if (board.done()) return;
  if (failure_) throw EnvironmentError("Another rank has failed.");
  throw std::logic_error("A rank waits for another one that has ended.");
}

void MeetingPoint::fail(std::exception_ptr failure) {
  const std::lock_guard lock(mutex_);
  if (!failure_) failure_ = std::move(failure);
  changed_.notify_all();
}

void MeetingPoint::end(std::size_t rank) {
  const std::lock_guard lock(mutex_);
  ended_[rank] = true;
  changed_.notify_all();
}

void MeetingPoint::rethrow_failure() const {
  if (failure_) std::rethrow_exception(failure_);
}

bool MeetingPoint::misses_ended_rank(const Board& board) const {
  for (std::size_t rank = 0; rank < size(); ++rank) {
    if (ended_[rank] && !board.posts[rank]) return true;
  }
  return false;
}

}  // namespace shardwright
