#include "runtime/embedding/workers.hpp"

#include "costmodel/errors.hpp"

#include <fmt/format.h>

#include <chrono>
#include <system_error>
#include <utility>

namespace shardwright {
namespace {

/// Waits for a moment, about as long as it takes to be woken up.
template <class Done>
void look_out_for(Done done) {
  constexpr std::chrono::microseconds kMoment{50};
  const auto end = std::chrono::steady_clock::now() + kMoment;
  while (!done() && std::chrono::steady_clock::now() < end) std::this_thread::yield();
}

}  // namespace

Workers::Workers(std::int64_t threads, Caller caller) : caller_(caller) {
  try {
    for (std::int64_t t = stands_by() ? 0 : 1; t < threads; ++t) {
      others_.emplace_back([this, t] { serve(static_cast<std::size_t>(t)); });
    }
  } catch (const std::system_error& error) {
    close();
    throw EnvironmentError(fmt::format(
        "The system has no room for {} threads ({}): lower --threads.", threads, error.what()));
  }
}

Workers::~Workers() { close(); }

void Workers::close() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  begun_.notify_all();
  for (std::thread& other : others_) other.join();
}

void Workers::run(std::size_t tasks, const std::function<void(std::size_t, std::size_t)>& task) {
  task_ = &task;
  one_for_each_ = false;
  if (tasks == 0) return;
  if (!stands_by() && (others_.empty() || tasks == 1)) {
    for (std::size_t i = 0; i < tasks; ++i) do_task(i, 0);
    return;
  }
  start(tasks);
  end();
}

void Workers::run_on_each(const std::function<void(std::size_t)>& task) {
  const std::function<void(std::size_t, std::size_t)> of_thread = [&](std::size_t, std::size_t t) {
    task(t);
  };
  task_ = &of_thread;
  one_for_each_ = true;
  start(threads());
  end();
}

void Workers::start(std::size_t tasks) {
  {
    const std::lock_guard lock(mutex_);
    next_ = 0;
    tasks_ = tasks;
    working_ = others_.size();
    ++runs_;
  }
  begun_.notify_all();
}

/// The calling thread's part, and that of the others.
void Workers::end() {
  if (stands_by()) {
    stand_by();
  } else {
    work(0);
    look_out_for([&] { return working_ == 0; });
  }
  std::unique_lock lock(mutex_);
  ended_.wait(lock, [&] { return working_ == 0; });
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

void Workers::serve(std::size_t thread) {
  std::int64_t runs = 0;
  while (true) {
    look_out_for([&] { return runs_ != runs; });
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
  if (!one_for_each_) return take_tasks(thread);
  keep_failure([&] { do_task(thread, thread); });
}

void Workers::take_tasks(std::size_t thread) {
  while (true) {
    std::size_t mine = 0;
    {
      const std::lock_guard lock(mutex_);
      if (next_ >= tasks_) return;
      mine = next_++;
    }
    keep_failure([&] { do_task(mine, thread); });
  }
}

/// Sleeps for most of the time: the core may be another thread's too.
void Workers::stand_by() {
  constexpr std::chrono::microseconds kNap{50};
  const auto all_done = [&] { return working_ == 0; };
  std::unique_lock lock(mutex_);
  do {
    lock.unlock();
    keep_failure([&] {
      if (between_tasks_) between_tasks_();
    });
    lock.lock();
    ended_.wait_for(lock, kNap, all_done);
  } while (!all_done() && !failure_);
}

/// What `work` throws; tasks that have not begun are then left out.
template <class Work>
void Workers::keep_failure(Work work) {
  try {
    work();
  } catch (...) {
    const std::lock_guard lock(mutex_);
    failure_ = std::current_exception();
    next_ = tasks_;
  }
}

void Workers::do_task(std::size_t task, std::size_t thread) {
  (*task_)(task, thread);
  if (thread == 0 && !stands_by() && between_tasks_) between_tasks_();
}

}  // namespace shardwright
