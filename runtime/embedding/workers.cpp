#include "runtime/embedding/workers.hpp"

#include <utility>

namespace shardwright {

Workers::Workers(std::int64_t threads) {
  for (std::int64_t t = 1; t < threads; ++t) {
    others_.emplace_back([this, t] { serve(static_cast<std::size_t>(t)); });
  }
}

Workers::~Workers() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  begun_.notify_all();
  for (std::thread& other : others_) other.join();
}

void Workers::run(std::size_t tasks, const std::function<void(std::size_t, std::size_t)>& task) {
  if (others_.empty() || tasks < 2) {
    task_ = &task;
    for (std::size_t i = 0; i < tasks; ++i) do_task(i, 0);
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    task_ = &task;
    next_ = 0;
    tasks_ = tasks;
    working_ = others_.size();
    ++runs_;
  }
  begun_.notify_all();
  work(0);
  std::unique_lock lock(mutex_);
  ended_.wait(lock, [&] { return working_ == 0; });
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

void Workers::serve(std::size_t thread) {
  std::int64_t runs = 0;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      begun_.wait(lock, [&] { return closing_ || runs_ != runs; });
      if (closing_) return;
      runs = runs_;
    }
    work(thread);
    const std::lock_guard lock(mutex_);
    if (--working_ == 0) ended_.notify_one();
  }
}

void Workers::work(std::size_t thread) {
  while (true) {
    std::size_t mine = 0;
    {
      const std::lock_guard lock(mutex_);
      if (next_ >= tasks_) return;
      mine = next_++;
    }
    try {
      do_task(mine, thread);
    } catch (...) {
      const std::lock_guard lock(mutex_);
      failure_ = std::current_exception();
      next_ = tasks_;
    }
  }
}

void Workers::do_task(std::size_t task, std::size_t thread) {
  (*task_)(task, thread);
  if (thread == 0 && between_tasks_) between_tasks_();
}

}  // namespace shardwright
