#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace shardwright {

/// Threads that share a rank's work. They sleep while there is none, but for a moment after some,
/// in which they leave their core to whoever wants it: more often follows at once. Which of them
/// does a task is left to chance, so tasks must not share what they write.
class Workers {
 public:
  /// What the calling thread does.
  enum class Caller {
    works,      ///< tasks, as one of the threads: with one thread, there are no others
    stands_by,  ///< no tasks, but what is between them, while so many other threads work
  };
  /// Throws EnvironmentError where the system has no room for so many.
  explicit Workers(std::int64_t threads, Caller caller = Caller::works);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  /// That do tasks.
  std::size_t threads() const { return others_.size() + (stands_by() ? 0 : 1); }

  /// What the calling thread does after each of its tasks, or, standing by, every so often while
  /// the others work: nothing, unless set. It may throw, as a task may.
  void set_between_tasks(std::function<void()> work) { between_tasks_ = std::move(work); }

  /// Does task(i, thread) for every i < tasks, begun in this order; `thread` < threads() tells
  /// which one does it. Returns when all are done. Throws what a task threw, of several any, once
  /// no task runs any more; then those that had not begun are left out.
  void run(std::size_t tasks, const std::function<void(std::size_t, std::size_t)>& task);

  /// Does task(thread) once on every thread < threads(); else as run(), but that none is left out.
  void run_on_each(const std::function<void(std::size_t)>& task);

 private:
  bool stands_by() const { return caller_ == Caller::stands_by; }
  void start(std::size_t tasks);
  void end();
  void close();
  void serve(std::size_t thread);
  void work(std::size_t thread);
  void take_tasks(std::size_t thread);
  void stand_by();
  template <class Work>
  void keep_failure(Work work);
  void do_task(std::size_t task, std::size_t thread);

  Caller caller_;

  std::mutex mutex_;
  std::condition_variable begun_;
  std::condition_variable ended_;
  const std::function<void(std::size_t, std::size_t)>* task_ = nullptr;
  std::size_t next_ = 0;
  std::size_t tasks_ = 0;
  bool one_for_each_ = false;             ///< task i is thread i's
  std::atomic<std::size_t> working_ = 0;  ///< other threads that are in work()
  std::atomic<std::int64_t> runs_ = 0;
  bool closing_ = false;
  std::exception_ptr failure_;
  std::function<void()> between_tasks_;
  std::vector<std::thread> others_;
};

}  // namespace shardwright
