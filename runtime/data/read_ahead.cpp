#include "runtime/data/read_ahead.hpp"

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace shardwright {

// The steps from `first` on: step s is read into slot s mod the number of slots, once the caller
// has taken the step that was there before.
class ReadAhead::Queue {
 public:
  Queue(const Read& read, std::int64_t first, std::int64_t end, const ReadAheadOptions& options)
      : read_(&read),
        end_(end),
        next_to_read_(first),
        next_to_take_(first),
        slots_(static_cast<std::size_t>(options.batches)) {
    for (std::int64_t i = 0; i < std::min(options.threads, options.batches); ++i)
      threads_.emplace_back([this] { read_all(); });
  }

  ~Queue() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    room_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  void take(Batch& batch) {
    std::unique_lock lock(mutex_);
    Slot& slot = slot_of(next_to_take_);
    filled_.wait(lock, [&] { return slot.filled; });
    const std::exception_ptr error = std::exchange(slot.error, nullptr);
    std::swap(slot.batch, batch);
    slot.filled = false;
    ++next_to_take_;
    lock.unlock();
    room_.notify_one();
    if (error) std::rethrow_exception(error);
  }

 private:
  struct Slot {
    Batch batch;
    bool filled = false;
    std::exception_ptr error;
  };

  Slot& slot_of(std::int64_t step) {
    return slots_[static_cast<std::size_t>(step) % slots_.size()];
  }

  bool may_read() const {
    return next_to_read_ < end_ && next_to_read_ - next_to_take_ < std::ssize(slots_);
  }

  void read_all() {
    std::unique_lock lock(mutex_);
    for (;;) {
      room_.wait(lock, [this] { return stop_ || next_to_read_ == end_ || may_read(); });
      if (stop_ || next_to_read_ == end_) return;
      const std::int64_t step = next_to_read_++;
      Slot& slot = slot_of(step);
      lock.unlock();
      fill(step, slot);
      lock.lock();
      slot.filled = true;
      filled_.notify_one();
    }
  }

  void fill(std::int64_t step, Slot& slot) const {
    try {
      (*read_)(step, slot.batch);
    } catch (...) {
      slot.error = std::current_exception();
    }
  }

  const Read* read_;
  std::int64_t end_;
  std::mutex mutex_;
  std::condition_variable room_;    // for one more batch
  std::condition_variable filled_;  // is one more slot
  std::int64_t next_to_read_;
  std::int64_t next_to_take_;
  bool stop_ = false;
  std::vector<Slot> slots_;
  std::vector<std::thread> threads_;
};

ReadAhead::ReadAhead(Read read, std::int64_t end, const ReadAheadOptions& options)
    : read_(std::move(read)), end_(end), options_(options) {}

ReadAhead::~ReadAhead() = default;

void ReadAhead::read(std::int64_t step, Batch& batch) {
  if (options_.batches == 0 || step >= end_) return read_(step, batch);
  if (step != next_ || !queue_) {
    queue_.reset();  // its threads first: two queues must not read at once
    queue_ = std::make_unique<Queue>(read_, step, end_, options_);
  }
  next_ = step + 1;
  queue_->take(batch);
}

}  // namespace shardwright
