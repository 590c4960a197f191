#include "planner/search/search.hpp"
#include "tests/planner/sample_workload.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shardwright {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::int64_t kRoom = 100'000;

std::vector<std::string> reasons(const std::vector<Table>& tables, std::int64_t rank_bytes,
                                 Objective objective = Objective::max_sum,
                                 std::vector<ShardingType> types = kDefaultTypes) {
  SearchOptions options;
  options.types = std::move(types);
  options.memory_model = MemoryModel::weights;
  options.objective = objective;
  options.effort.work_limit = 2'000;
  options.effort.threads = 1;
  const auto result = search_plan({tables, 64}, sample_topology({rank_bytes, rank_bytes}),
                                  *make_cost_model("analytic"), options);
  return result.plan ? result.plan->reasons : std::vector<std::string>{result.explanation};
}

TEST(SearchReasons, SayWhatPartOfItsRankATableIs) {
  const auto alone = reasons({sample_table("a", 100, 64), sample_table("b", 100, 64)}, kRoom);
  EXPECT_THAT(alone, ElementsAre(StartsWith("whole; 100 % of the time of rank "),
                                 StartsWith("whole; 100 % of the time of rank ")));
  const auto by_memory =
      reasons({sample_table("a", 100, 64), sample_table("b", 100, 64)}, kRoom, Objective::memory);
  EXPECT_THAT(by_memory[0], HasSubstr("% of the memory of rank "));
}

TEST(SearchReasons, SayWhyATableIsCut) {
  const Table large = sample_table("large", 1000, 32);  // 128,000 bytes
  EXPECT_THAT(reasons({large}, kRoom), ElementsAre("cut in 2: whole it fits no rank, at 125 KiB"));
  Table busy = sample_table("busy", 1000, 32, 10'000);
  EXPECT_THAT(
      reasons({busy, sample_table("b", 10, 4)}, 4 * kRoom)[0],
      AllOf(StartsWith("cut in 2: whole it would be 1"), EndsWith("% of a mean rank's time")));
  Table narrow = sample_table("narrow", 10, 16);
  narrow.constraints.max_column_width = 8;
  EXPECT_THAT(reasons({narrow}, kRoom),
              ElementsAre("cut in 2: no part may be wider than 8 columns"));
}

TEST(SearchReasons, TellRowsAndCopiesFromColumns) {
  const std::vector<ShardingType> rows = {ShardingType::row_wise};
  EXPECT_THAT(reasons({sample_table("a", 1000, 8)}, kRoom, Objective::max_sum, rows),
              ElementsAre("rows in 2 parts: its types allow nothing else"));
  const std::vector<ShardingType> copies = {ShardingType::data_parallel};
  EXPECT_THAT(reasons({sample_table("a", 256, 8)}, kRoom, Objective::max_sum, copies),
              ElementsAre("on every rank, 8 KiB each"));
}

TEST(SearchReasons, NameTheConstraint) {
  Table bound = sample_table("bound", 10, 8);
  bound.constraints.ranks = {RankId(1)};
  Table follower = sample_table("follower", 10, 8);
  follower.constraints.together = {"bound"};
  EXPECT_THAT(reasons({bound, follower}, kRoom),
              ElementsAre("whole on the only rank allowed", "together with 'bound', as asked"));
}

}  // namespace
}  // namespace shardwright
