#include "runtime/bench/quiet_moments.hpp"

#include <algorithm>
#include <numeric>

namespace shardwright {

std::int64_t num_quiet(std::span<const double> disturbances) {
  constexpr double kQuiet = 1;
  return std::count_if(disturbances.begin(), disturbances.end(),
                       [](double disturbance) { return disturbance <= kQuiet; });
}

std::vector<std::size_t> least_disturbed(std::span<const double> disturbances, std::size_t count) {
  std::vector<std::size_t> order(disturbances.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return disturbances[a] < disturbances[b]; });
  order.resize(count);
  std::sort(order.begin(), order.end());
  return order;
}

}  // namespace shardwright
