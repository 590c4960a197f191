#pragma once

#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

namespace shardwright {

/// Calls `work(0)` … `work(count - 1)`, each once, on up to `threads` threads, the caller's among
/// them; returns when all are done. `work` must not throw.
template <class Work>
void in_parallel(std::size_t count, unsigned threads, const Work& work) {
  std::atomic<std::size_t> next{0};
  const auto take = [&] {
    for (std::size_t i = next++; i < count; i = next++) work(i);
  };
  std::vector<std::jthread> others;
  for (unsigned i = 1; i < threads && i < count; ++i) others.emplace_back(take);
  take();
}

}  // namespace shardwright
