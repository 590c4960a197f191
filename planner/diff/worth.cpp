#include "planner/diff/worth.hpp"

#include "planner/memory_model.hpp"

#include <algorithm>
#include <tuple>

namespace shardwright {
namespace {

auto illness(const PlanScore& score) { return std::tie(score.problems, score.missing); }

/// Up to 1 for the memory, and 1 for each problem.
double mended(const PlanScore& before, const PlanScore& after) {
  const auto problems = static_cast<double>(before.problems) - static_cast<double>(after.problems);
  return problems + static_cast<double>((before.missing - after.missing).value()) /
                        static_cast<double>(before.missing.value() + 1);
}

}  // namespace

double worth_of(const Replacement& replacement, const Standing& now, double least_gain,
                double few) {
  constexpr double kMending = 1e6;
  const PlanScore& before = now.score();
  const PlanScore& after = replacement.score;
  const double gain = before.cost > 0 ? (before.cost - after.cost) / before.cost : 0;
  const Bytes bytes = std::max(replacement.moved - now.moved(), Bytes());
  const double per_byte = 1 / (1 + static_cast<double>(bytes.value()) / few);
  if (illness(after) < illness(before)) {
    return kMending * (1 + mended(before, after) + gain / 10) * per_byte;
  }
  if (illness(after) > illness(before) || gain < least_gain) return 0;
  return gain * per_byte;
}

double few_bytes(const Workload& workload) {
  Bytes all;
  for (const Table& table : workload.tables) {
    all = saturated_sum(all, weight_bytes(table, table.rows, table.dim));
  }
  return 1e-3 * static_cast<double>(all.value()) + 1;
}

}  // namespace shardwright
