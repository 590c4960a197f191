#include "runtime/embedding/sort_order.hpp"

#include "runtime/embedding/shared_chunks.hpp"

#include <algorithm>
#include <numeric>

namespace shardwright {

SortOrder sort_order(std::span<const std::size_t> ids, Workers& workers) {
  SortOrder order;
  order.lists.resize(ids.size());
  std::iota(order.lists.begin(), order.lists.end(), std::size_t{0});
  std::stable_sort(order.lists.begin(), order.lists.end(),
                   [&](std::size_t a, std::size_t b) { return ids[a] > ids[b]; });
  const std::size_t all = std::accumulate(ids.begin(), ids.end(), std::size_t{0});
  const auto is_shared = [&](std::size_t list) {
    return ids[list] > all / (2 * workers.threads()) &&
           SharedChunks(ids[list], &workers).count() > 1;
  };
  while (order.shared < ids.size() && is_shared(order.lists[order.shared])) ++order.shared;
  return order;
}

}  // namespace shardwright
