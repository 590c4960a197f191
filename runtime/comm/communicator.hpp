#pragma once

#include "costmodel/ids.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace shardwright {

/// What has passed through a communicator, or beside it (count_beside()), since it was made. Bytes
/// to oneself do not count.
struct TrafficSent {
  std::int64_t bytes_sent = 0;
  std::int64_t messages_sent = 0;
};

/// The ranks of a job and the one operation everything else is built on. One thread per rank calls
/// it. Implementations: MPI (mpi_communicator.hpp) and threads of one process
/// (thread_communicator.hpp).
class Communicator {
 public:
  using SendBlock = std::span<const std::byte>;
  using ReceiveBlock = std::span<std::byte>;

  /// What start_all_to_all() has begun. Must not outlive its communicator, nor the blocks it.
  class Exchange {
   public:
    virtual ~Exchange() = default;
    /// Moves on what can be moved without waiting; true once all is done. Cheap. Throws as wait().
    virtual bool advance() = 0;
    /// Blocks until all is done. Throws as all_to_all(); then, and if it is dropped before it is
    /// done, the communicator and the blocks are good for nothing but abort().
    virtual void wait() = 0;
  };

  virtual ~Communicator() = default;
  virtual RankId rank() const = 0;
  virtual std::int64_t size() const = 0;

  /// Sends send[i] to rank i and fills receive[i] from rank i; both have size() entries, and the
  /// sizes must match the peer's. Blocks until all of it is done. Blocks may be empty and of any
  /// size: messages over the transport's limit are cut. Throws EnvironmentError with the
  /// transport's own text; the communicator and the blocks are then good for nothing but abort().
  void all_to_all(std::span<const SendBlock> send, std::span<const ReceiveBlock> receive);

  /// Begins an all_to_all() and returns at once. The blocks, though not the arrays of them, must
  /// stay as they are until it is done. Several may be under way: every rank begins them, and
  /// whatever else they do together, in the same order, and ends them in any. They move on while a
  /// rank calls the communicator or one of them. A communicator that can do nothing beside
  /// computing does it all at once, and blocks.
  [[nodiscard]] std::unique_ptr<Exchange> start_all_to_all(std::span<const SendBlock> send,
                                                           std::span<const ReceiveBlock> receive);

  virtual void barrier() = 0;

  /// How many seconds an operation may wait for other ranks before it throws an Error of
  /// ExitCode::timeout that names them; 0, as at first: for ever. Ranks of one process, which hang
  /// or end together, wait for ever.
  void set_wait_limit_s(double seconds) { wait_limit_s_ = seconds; }
  double wait_limit_s() const { return wait_limit_s_; }

  /// Whether a rank that waits for others stays awake even where ranks share cores: for those that
  /// time what they wait for. Not so at first.
  void set_waits_awake(bool awake) { waits_awake_ = awake; }
  bool waits_awake() const { return waits_awake_; }

  /// This rank's time in milliseconds since some moment: the wall clock's, unless ranks take turns
  /// (turns.hpp).
  virtual double clock_ms() const;

  /// Ends the whole job at once with this exit code; for errors on which the ranks cannot agree any
  /// more.
  [[noreturn]] virtual void abort(int exit_code) = 0;

  /// One entry per rank: whether it and this one can map each other's memory (shared_floats.hpp);
  /// never so for this one itself. The ranks call it together the first time, which blocks; throws
  /// as all_to_all().
  virtual std::vector<bool> ranks_beside();

  const TrafficSent& traffic() const { return traffic_; }
  /// Adds what another rank reads or was written in memory that both have mapped, in place of bytes
  /// in a message.
  void count_beside(std::int64_t bytes) { traffic_.bytes_sent += bytes; }

 private:
  virtual void do_all_to_all(std::span<const SendBlock> send,
                             std::span<const ReceiveBlock> receive) = 0;
  virtual std::unique_ptr<Exchange> do_start(std::span<const SendBlock> send,
                                             std::span<const ReceiveBlock> receive);
  void require_blocks(std::span<const SendBlock> send, std::span<const ReceiveBlock> receive) const;
  void count(std::span<const SendBlock> send);
  TrafficSent traffic_;
  double wait_limit_s_ = 0;
  bool waits_awake_ = false;
};

}  // namespace shardwright
