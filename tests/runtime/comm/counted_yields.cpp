#include "tests/runtime/comm/counted_yields.hpp"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

namespace shardwright {
namespace {

std::atomic<std::int64_t> yields = 0;

}  // namespace

extern "C" int sched_yield() noexcept {
  ++yields;
  return static_cast<int>(::syscall(SYS_sched_yield));
}

std::int64_t counted_yields() { return yields; }

}  // namespace shardwright
