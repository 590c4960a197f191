#pragma once

#include "runtime/embedding/workers.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace shardwright {

/// Lists of ids that are to be sorted, the longest first: all threads share the work on each of the
/// first `shared`, and each takes whole ones of the others.
struct SortOrder {
  std::vector<std::size_t> lists;
  std::size_t shared = 0;
};

/// Of lists of so many ids. Shared are those that have more than half of a thread's share of all
/// ids, and enough for several threads.
SortOrder sort_order(std::span<const std::size_t> ids, Workers& workers);

}  // namespace shardwright
