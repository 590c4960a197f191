#include "runtime/measured/measured_cost_model.hpp"
#include "runtime/measured/plan_checker.hpp"
#include "runtime/measured/stragglers.hpp"
#include "tests/planner/sample_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <sstream>
#include <string>
#include <vector>

namespace shardwright {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// Wide t0 and narrow t1 on rank 0, t2 on rank 1, t3 on rank 2; priced by the analytic model.
Plan three_ranks() {
  Plan plan = whole_tables({{64, 0}, {16, 0}, {64, 1}, {64, 2}}, {kPlenty, kPlenty, kPlenty});
  for (Table& table : plan.workload.tables) table.pooling = 20;
  plan.workload.batch_size = 4096;
  rate_plan(plan, *make_cost_model("analytic"));
  return plan;
}

// What the plan predicts, times `factor`, with a dense part of 10 ms and exchanges of 1 ms.
std::vector<PhaseMs> measured_as_predicted(const Plan& plan, double factor) {
  std::vector<PhaseMs> ranks;
  for (const RankPrediction& rank : plan.predicted) {
    PhaseMs& ms = ranks.emplace_back();
    for (const PredictedPhase& phase : kPredictedPhases) {
      ms_of(ms, phase.measured) = phase.communication ? 1 : factor * (rank.phases.*phase.predicted);
    }
    ms_of(ms, StepPhase::dense) = 10;
  }
  return ranks;
}

PlanChecker checker_of(const Plan& plan) { return {plan, {"alpha", "beta", "gamma"}}; }

TEST(ComparePhases, PutsTheMostMillisecondsAboveThePlanFirst) {
  const std::vector<RankPrediction> predicted = {{.memory = {}, .phases = {1, 2, 3, 4, 5}},
                                                 {.memory = {}, .phases = {1, 2, 3, 4, 5}}};
  std::vector<PhaseMs> measured(2);
  ms_of(measured[1], StepPhase::update) = 14;
  ms_of(measured[0], StepPhase::lookup) = 9;
  const auto rows = compare_phases(predicted, measured);
  ASSERT_EQ(rows.size(), 10U);
  EXPECT_EQ(rows[0].phase, StepPhase::update);
  EXPECT_EQ(rows[0].rank, RankId{1});
  EXPECT_DOUBLE_EQ(rows[0].predicted_ms, 4) << "update is the plan's compute_backward";
  EXPECT_DOUBLE_EQ(rows[1].over_ms(), 7);
}

TEST(Stragglers, AreNoneWhereAllRanksAreAsFarFromThePlan) {
  const Plan plan = three_ranks();
  for (const double factor : {0.1, 1.0, 7.0}) {
    EXPECT_THAT(find_stragglers(plan.predicted, measured_as_predicted(plan, factor)), IsEmpty());
  }
}

TEST(Stragglers, AreSlowAgainstThePredictionAndTheOthers) {
  const Plan plan = three_ranks();
  std::vector<PhaseMs> measured = measured_as_predicted(plan, 100);
  const double expected = ms_of(measured[1], StepPhase::update);
  ms_of(measured[1], StepPhase::update) *= 4;
  const auto found = find_stragglers(plan.predicted, measured);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].rank, RankId{1});
  EXPECT_EQ(found[0].phase, StepPhase::update);
  EXPECT_NEAR(found[0].expected_ms, expected, 1e-9 * expected);
}

TEST(Stragglers, AreFoundByTheirDensePartWithoutPrediction) {
  std::vector<PhaseMs> measured(3);
  for (PhaseMs& rank : measured) ms_of(rank, StepPhase::dense) = 10;
  ms_of(measured[2], StepPhase::dense) = 30;
  const auto found = find_stragglers({}, measured);
  EXPECT_THAT(found, ElementsAre(Straggler{RankId{2}, StepPhase::dense, 30, 10}));
}

TEST(Stragglers, DoNotFollowFromWhatASlowRankMakesOthersWaitFor) {
  const Plan plan = three_ranks();
  std::vector<PhaseMs> measured = measured_as_predicted(plan, 1);
  ms_of(measured[0], StepPhase::output_exchange) = 500;
  EXPECT_THAT(find_stragglers(plan.predicted, measured), IsEmpty());
}

TEST(Stragglers, AreNotMadeOfWhatIsLostInNoise) {
  const Plan plan = three_ranks();
  std::vector<PhaseMs> measured = measured_as_predicted(plan, 1e-3);
  ms_of(measured[1], StepPhase::lookup) *= 10;
  EXPECT_THAT(find_stragglers(plan.predicted, measured), IsEmpty()) << "microseconds of 14 ms";
}

TEST(MeasuredCostModel, PricesThePlanAsItWasMeasured) {
  const Plan plan = three_ranks();
  std::vector<PhaseMs> measured = measured_as_predicted(plan, 3);
  ms_of(measured[2], StepPhase::lookup) *= 5;
  const auto base = make_cost_model("analytic");
  const MeasuredCostModel model(*base, plan.predicted, measured);
  const auto times = model.price(plan.workload, plan.topology, plan.shards);
  for (std::size_t r = 0; r < times.size(); ++r) {
    EXPECT_NEAR(times[r].compute_forward_ms, ms_of(measured[r], StepPhase::lookup), 1e-9);
    EXPECT_NEAR(times[r].compute_backward_ms, ms_of(measured[r], StepPhase::update), 1e-9);
    EXPECT_LE(times[r].comm_forward_ms, 1 + 1e-9) << "a rank that waits takes longer than it costs";
  }
}

TEST(PlanChecker, NamesTheSlowRankItsHostAndItsTable) {
  const Plan plan = three_ranks();
  std::vector<PhaseMs> measured = measured_as_predicted(plan, 100);
  ms_of(measured[1], StepPhase::update) *= 4;
  const PlanCheck check = checker_of(plan).check(measured, 50);
  ASSERT_EQ(check.stragglers.size(), 1U);
  EXPECT_EQ(check.stragglers[0].host, "beta");
  EXPECT_EQ(check.stragglers[0].table, "t2");
  EXPECT_DOUBLE_EQ(check.stragglers[0].table_share, 1);
  EXPECT_THAT(plan_check_to_text(check, 5), HasSubstr("Straggler: rank 1 on beta takes"));
}

TEST(PlanChecker, NamesTheWidestTableOfTheRankThatHasMost) {
  const Plan plan = three_ranks();
  const PlanCheck check = checker_of(plan).check(measured_as_predicted(plan, 1), 50);
  EXPECT_EQ(check.slowest.value().rank, RankId{0});
  EXPECT_EQ(check.slowest.value().table, "t0");
  EXPECT_GT(check.slowest.value().table_share, 0.5);
  EXPECT_THAT(check.stragglers, IsEmpty());
}

TEST(PlanChecker, FindsTheChangeThatRepairsASlowRank) {
  const Plan plan = three_ranks();
  std::vector<PhaseMs> measured = measured_as_predicted(plan, 1000);
  ms_of(measured[1], StepPhase::update) *= 4;
  ms_of(measured[1], StepPhase::lookup) *= 4;
  const PlanCheck check = checker_of(plan).check_with_changes(measured, 50);
  ASSERT_THAT(check.changes, Not(IsEmpty()));
  EXPECT_EQ(check.changes[0].table, "t2") << "the one table of the slow rank";
  EXPECT_LT(check.changes[0].difference_ms, 0);
  EXPECT_THAT(check.changes[0].placement, Not(HasSubstr("on rank 1")));
}

TEST(PlanChecker, LeavesOutChangesThatSaveLessThanAHundredthOfAStep) {
  const Plan plan = three_ranks();
  std::vector<PhaseMs> measured = measured_as_predicted(plan, 1000);
  for (PhaseMs& rank : measured) {
    for (const PredictedPhase& phase : kPredictedPhases) {
      if (phase.communication) ms_of(rank, phase.measured) = 100;
    }
  }
  const PlanCheck check = checker_of(plan).check_with_changes(measured, 50);
  ASSERT_EQ(check.changes.size(), 1U) << "t0 on all ranks would save 0.1 %";
  EXPECT_EQ(check.changes[0].table, "t1");
  EXPECT_LT(check.changes[0].share, -0.1);
}

TEST(PlanChecker, SaysThatNoChangeWouldHelp) {
  Plan plan = three_ranks();
  plan.workload.tables[1].pooling = 0.2;
  rate_plan(plan, *make_cost_model("analytic"));
  const PlanCheck check = checker_of(plan).check_with_changes(measured_as_predicted(plan, 1), 50);
  EXPECT_THAT(plan_check_to_text(check, 5), HasSubstr("no change of a single table's placement"));
}

TEST(PlanChecker, TellsOnlyOfDensePartsWithoutPrediction) {
  Plan plan = three_ranks();
  plan.predicted.clear();
  const PlanCheck check =
      checker_of(plan).check_with_changes(std::vector<PhaseMs>(3, PhaseMs{}), 5);
  EXPECT_FALSE(check.slowest.has_value());
  EXPECT_EQ(plan_check_to_text(check, 5), "");
  EXPECT_TRUE(plan_check_to_json(check)["ranks"][0]["phase_ms"]["lookup"]["predicted"].is_null());
}

TEST(PlanChecker, JudgesByTheAnalyticModelWhereThePlansHasGone) {
  Plan plan = three_ranks();
  plan.cost_model = "/nowhere/model.json";
  EXPECT_EQ(checker_of(plan).check(measured_as_predicted(plan, 1), 5).slowest.value().table, "t0");
}

TEST(PlanCheck, FitsIntoAHundredAndTwentyColumns) {
  const Plan plan = three_ranks();
  const std::vector<std::string> hosts(3, std::string(200, 'h'));
  PlanChecker checker(plan, hosts);
  std::istringstream lines(
      plan_check_to_text(checker.check(measured_as_predicted(plan, 1e6), 5), 4));
  std::string line;
  std::getline(lines, line);
  EXPECT_THAT(line, HasSubstr("means of 5 steps"));
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(std::getline(lines, line));
    EXPECT_LE(line.size(), 122U) << line;  // the … of a cut name has three bytes
  }
  ASSERT_TRUE(std::getline(lines, line));
  EXPECT_EQ(line, "… and 11 that are nearer to the plan.");
}

TEST(PlanCheck, HasEveryRankInItsJson) {
  const Plan plan = three_ranks();
  const nlohmann::json json =
      plan_check_to_json(checker_of(plan).check(measured_as_predicted(plan, 2), 7));
  EXPECT_EQ(json["steps"], 7);
  ASSERT_EQ(json["ranks"].size(), 3U);
  const auto& lookup = json["ranks"][2]["phase_ms"]["lookup"];
  EXPECT_NEAR(lookup["measured"].get<double>(), 2 * lookup["predicted"].get<double>(), 1e-12);
  EXPECT_TRUE(json["ranks"][2]["phase_ms"]["dense"]["predicted"].is_null());
  EXPECT_EQ(json["slowest"]["host"], "alpha");
}

}  // namespace
}  // namespace shardwright
