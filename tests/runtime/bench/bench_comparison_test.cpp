#include "runtime/bench/bench_comparison.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shardwright {
namespace {

using testing::HasSubstr;
using testing::Not;

BenchResult result_of(std::vector<double> step_ms) {
  BenchResult result;
  result.batch_size = 100;
  result.step_ms = std::move(step_ms);
  result.steps_taken = 9;
  result.cost_model = "analytic";
  result.placement = {.ranks = 2, .hosts = 1, .most_ranks_per_host = 2, .cores_of_that_host = 2};
  return result;
}

/// While the machine slows down: of the second plan, each step takes half of the first's in its
/// turn.
std::vector<BenchedPlan> two_plans() {
  std::vector<BenchedPlan> plans = {{"running.json", result_of({2, 4, 8, 16, 40})},
                                    {"proposed.json", result_of({1, 2, 4, 8, 30})}};
  plans[0].result.predicted = PhaseTimes{.compute_forward_ms = 2.25};
  return plans;
}

TEST(BenchComparison, ComparesStepsOfTheSameTurn) {
  const std::vector<RatioToFirst> ratios = ratios_to_first(two_plans());
  ASSERT_EQ(ratios.size(), 2U);
  EXPECT_EQ(ratios[0].median, 1);
  EXPECT_EQ(ratios[1].median, 0.5);
  EXPECT_EQ(ratios[1].p25, 0.5);
  EXPECT_EQ(ratios[1].p75, 0.5) << "of five, the fourth";
}

TEST(BenchComparison, WritesEachPlansDocument) {
  const std::vector<BenchedPlan> plans = two_plans();
  const nlohmann::json document = comparison_to_json(plans);
  ASSERT_EQ(document["plans"].size(), 2U);
  const nlohmann::json& second = document["plans"][1];
  EXPECT_EQ(second["plan"], "proposed.json");
  EXPECT_EQ(second["ratio_to_first"]["median"], 0.5);
  EXPECT_EQ(second["step_ms"]["median"], 4);
  EXPECT_EQ(second["samples_per_s"], plans[1].result.samples_per_s());
}

TEST(BenchComparison, DrawsATable) {
  const std::string text = comparison_to_text(two_plans());
  EXPECT_THAT(text, HasSubstr("running.json       8.000      2.250"));
  EXPECT_THAT(text, HasSubstr("proposed.json      4.000          -"));
  EXPECT_THAT(text, HasSubstr("0.500 (0.500 to 0.500)\n"));
  EXPECT_THAT(text,
              HasSubstr("medians of 5 turns, the least disturbed of 9; 2 ranks on 2 cores\n"));
  EXPECT_THAT(text, HasSubstr("predicted by cost model analytic\n"));
  EXPECT_THAT(text, Not(HasSubstr("probe")));
}

TEST(BenchComparison, SaysWhatElseWasMeasured) {
  std::vector<BenchedPlan> plans = two_plans();
  plans[0].result.probe = MachineProbe{{20, 5, 7}};
  plans[1].result.probe = MachineProbe{{22, 5, 7}};
  plans[1].result.cost_model = "torchrec";
  plans[1].result.without = {{StepPhase::lookup, 3}};
  const std::string text = comparison_to_text(plans);
  EXPECT_THAT(text, HasSubstr("probe " + to_string(MachineProbe{{21, 5, 7}})));
  EXPECT_THAT(text, HasSubstr("predicted by each plan's own cost model\n"));
  EXPECT_THAT(text, HasSubstr("proposed.json\n" + without_table(plans[1].result.without, 4)));
}

}  // namespace
}  // namespace shardwright
