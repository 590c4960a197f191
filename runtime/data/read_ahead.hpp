#pragma once

#include "runtime/data/batch.hpp"

#include <cstdint>
#include <functional>
#include <memory>

namespace shardwright {

inline constexpr std::int64_t kMostReadAhead = 1024;
inline constexpr std::int64_t kMostReadThreads = 256;

/// How far and with how many threads batches are read before they are asked for.
struct ReadAheadOptions {
  std::int64_t batches = 2;  ///< 0: each when it is asked for, without a thread
  std::int64_t threads = 1;  ///< at most as many as `batches` are used
};

/// Reads the batches of consecutive steps on threads of its own, while the caller computes. They
/// come in the order of the steps, whichever thread has read them; an error comes with its step.
/// At most `batches` are kept besides the caller's. One thread at a time may call read().
class ReadAhead {
 public:
  /// Reads a step's batch; called by several threads at once.
  using Read = std::function<void(std::int64_t step, Batch& batch)>;

  /// Reads nothing before the first read(), and no step from `end` on.
  ReadAhead(Read read, std::int64_t end, const ReadAheadOptions& options);
  /// Waits for the batches that are being read.
  ~ReadAhead();
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  /// Puts the batch of `step` into `batch`, whose memory it takes for a later one. Waits if it is
  /// not read yet; a step that does not follow the last one makes it start anew there. Throws what
  /// reading it has thrown.
  void read(std::int64_t step, Batch& batch);

 private:
  class Queue;
  Read read_;
  std::int64_t end_;
  ReadAheadOptions options_;
  std::int64_t next_ = -1;  ///< the step that follows the last one
  std::unique_ptr<Queue> queue_;
};

}  // namespace shardwright
