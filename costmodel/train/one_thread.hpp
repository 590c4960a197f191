#pragma once

#include <ATen/Parallel.h>

namespace shardwright {

/// While it lives, LibTorch computes on one thread: sums in one order, the same bits on every run.
class OneThread {
 public:
  OneThread() : threads_(at::get_num_threads()) { at::set_num_threads(1); }
  ~OneThread() { at::set_num_threads(threads_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int threads_;
};

}  // namespace shardwright
