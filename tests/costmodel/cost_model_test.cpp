#include "costmodel/cost_model.hpp"

#include "costmodel/errors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shardwright {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const std::vector<PhaseTimes> kRanks = {{1, 20, 3, 40, 5}, {10, 2, 30, 4, 50}};

TEST(StepCost, WaitsForTheSlowestRankInEveryPhase) {
  EXPECT_DOUBLE_EQ(step_cost_ms(kRanks, Objective::step), 10 + 20 + 30 + 40 + 50);
}

TEST(StepCost, MaxSumIsTheLargestTotal) {
  EXPECT_DOUBLE_EQ(step_cost_ms(kRanks, Objective::max_sum), 96);
}

TEST(StepCost, OfNoRankIsZero) {
  EXPECT_EQ(step_cost_ms({}, Objective::step), 0);
  EXPECT_EQ(step_cost_ms({}, Objective::max_sum), 0);
}

TEST(StepCost, RefusesMemoryWhichIsNoTime) {
  EXPECT_THROW(step_cost_ms(kRanks, Objective::memory), std::logic_error);
}

TEST(CostModels, AreMadeByNameAndSayWhatTheyRestOn) {
  for (const auto& name : cost_model_names()) {
    const auto model = make_cost_model(name);
    EXPECT_EQ(model->name(), name);
    EXPECT_THAT(model->provenance(), HasSubstr("not fitted"));
    EXPECT_LE(model->provenance().size(), 90U) << "does not fit the table of `models`";
  }
  EXPECT_THAT(cost_model_names(), ::testing::ElementsAre("analytic", "torchrec"));
}

TEST(CostModels, RefuseUnknownNamesListingTheKnown) {
  try {
    make_cost_model("analytical");
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("'analytical'"), HasSubstr("did you mean 'analytic'"),
                                    HasSubstr("analytic, torchrec")));
  }
}

TEST(Objectives, ReadBackTheirNames) {
  for (const auto objective : {Objective::step, Objective::max_sum, Objective::memory}) {
    EXPECT_EQ(parse_objective(to_string(objective)), objective);
  }
  EXPECT_THROW(parse_objective("speed"), UsageError);
}

TEST(ShardingTypes, ReadBackTheirNames) {
  for (const auto type : kAllShardingTypes) EXPECT_EQ(parse_sharding_type(to_string(type)), type);
  EXPECT_THROW(parse_sharding_type("TW"), InputError);
}

}  // namespace
}  // namespace shardwright
