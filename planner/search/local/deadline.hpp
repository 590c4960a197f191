#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

namespace shardwright {

/// Raises a flag when the time is up or `interrupt` turns true, looking every few milliseconds.
class Deadline {
 public:
  Deadline(std::optional<double> seconds, const std::atomic<bool>* interrupt);
  ~Deadline();
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  const std::atomic<bool>& passed() const { return passed_; }
  /// Turns true earlier, when three quarters of the time are gone, for what must leave some of it.
  const std::atomic<bool>& nearly_passed() const { return nearly_passed_; }
  bool interrupted() const { return interrupt_ != nullptr && interrupt_->load(); }
  bool has_time_limit() const { return seconds_.has_value(); }
  /// 0 … 1; 0 without a time limit.
  double share_spent() const;

 private:
  void watch();

  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::optional<double> seconds_;
  const std::atomic<bool>* interrupt_;
  std::atomic<bool> passed_{false};
  std::atomic<bool> nearly_passed_{false};
  std::mutex mutex_;
  std::condition_variable ended_;
  bool end_ = false;
  std::thread watcher_;
};

}  // namespace shardwright
