#pragma once

#include "runtime/embedding/workers.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace shardwright {

/// visit(begin, end) for even shares of the rows [0, rows), in order one for each thread of the
/// workers, which visits it; shares may be empty.
template <class Visit>
void share_rows(Workers& workers, std::int64_t rows, Visit visit) {
  const auto threads = static_cast<std::int64_t>(workers.threads());
  const std::int64_t each = rows / threads;
  const std::int64_t larger = rows % threads;  // so many shares have one more
  workers.run_on_each([&](std::size_t thread) {
    const auto t = static_cast<std::int64_t>(thread);
    const std::int64_t begin = t * each + std::min(t, larger);
    visit(begin, begin + each + (t < larger ? 1 : 0));
  });
}

/// Writes to every page of memory that has not been used, a thread to those of its share of the
/// rows: where a host has memory at several places, the system then takes pages near the core that
/// the thread is on, and not all from the place of the thread that allocates. The memory holds
/// nothing of use afterwards.
void touch_pages(Workers& workers, void* memory, std::int64_t rows, std::size_t bytes_per_row);

}  // namespace shardwright
