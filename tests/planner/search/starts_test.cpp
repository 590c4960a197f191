#include "planner/search/local/starts.hpp"

#include "planner/search/local/price_alone.hpp"
#include "planner/search/search.hpp"
#include "tests/planner/search/random_problems.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>

namespace shardwright {
namespace {

struct Outcome {
  std::vector<Start> starts;
  std::int64_t evaluations = 0;
  std::int64_t ours() const {
    return std::count_if(starts.begin(), starts.end(), [](const Start& s) { return s.ours; });
  }
};

Outcome starts_of(std::uint64_t seed, bool time_is_up, const Effort& effort = {}) {
  RandomStream random(seed, 0);
  const Workload workload = testing::draw_workload(random, {.most_tables = 20});
  const Topology topology = read_topology("4xH100-80GB");
  const auto model = make_cost_model("analytic");
  const Problem problem = make_problem(workload, topology, MemoryModel::weights, kDefaultTypes);
  const auto pricer = model->rank_pricer(workload, topology);
  const SearchSpace space(problem, *pricer, Objective::step, ColumnWidths::any);
  const Question question{problem, *model, Objective::step, ColumnWidths::any, 1, effort};
  const std::atomic<bool> stop{time_is_up};
  Outcome outcome;
  outcome.starts =
      find_starts(space, question, mean_price_alone(space), {}, stop, stop, outcome.evaluations);
  return outcome;
}

TEST(Starts, AreFewWhereTimeIsUp) {
  std::int64_t ours = 0;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    SCOPED_TRACE(seed);
    const Outcome all = starts_of(seed, false);
    const Outcome few = starts_of(seed, true);
    ASSERT_FALSE(few.starts.empty());
    EXPECT_LE(few.ours(), 1);
    EXPECT_LE(few.starts.size(), all.starts.size());
    EXPECT_LT(2 * few.evaluations, all.evaluations);
    ours += all.ours();
  }
  EXPECT_GT(ours, 20);
}

// By what NeuroShard takes for so many tables and ranks, not by the clock.
TEST(Starts, LeaveOutNeuroshardWhereItWouldTakeMuchOfTheTime) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    SCOPED_TRACE(seed);
    Effort effort;
    const Outcome all = starts_of(seed, false, effort);
    effort.time_limit_seconds = 10;
    EXPECT_EQ(starts_of(seed, false, effort).evaluations, all.evaluations);
    effort.time_limit_seconds = 1e-4;
    const Outcome few = starts_of(seed, false, effort);
    EXPECT_LT(few.evaluations, all.evaluations);
    EXPECT_GE(few.ours(), all.ours());
  }
}

}  // namespace
}  // namespace shardwright
