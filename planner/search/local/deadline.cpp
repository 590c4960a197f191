#include "planner/search/local/deadline.hpp"

#include <algorithm>

namespace shardwright {

Deadline::Deadline(std::optional<double> seconds, const std::atomic<bool>* interrupt)
    : seconds_(seconds), interrupt_(interrupt) {
  if (seconds_ || interrupt_ != nullptr) watcher_ = std::thread([this] { watch(); });
}

Deadline::~Deadline() {
  {
    const std::lock_guard lock(mutex_);
    end_ = true;
  }
  ended_.notify_all();
  if (watcher_.joinable()) watcher_.join();
}

double Deadline::share_spent() const {
  if (!seconds_) return 0;
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start_;
  return std::min(spent.count() / *seconds_, 1.0);
}

void Deadline::watch() {
  constexpr std::chrono::milliseconds kBetweenLooks{5};
  constexpr double kNearly = 0.75;
  std::unique_lock lock(mutex_);
  while (!end_ && !passed_) {
    ended_.wait_for(lock, kBetweenLooks);
    const double share = share_spent();
    if (interrupted() || share >= kNearly) nearly_passed_ = true;
    if (interrupted() || share >= 1) passed_ = true;
  }
}

}  // namespace shardwright
