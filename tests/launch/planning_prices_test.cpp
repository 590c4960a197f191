// What planning commands say of the prices that cost models give, and of what these do not rest on.

#include "tests/launch/two_tables.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>

namespace shardwright {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class PlanningPrices : public TwoTables {};

TEST_F(PlanningPrices, SaysInOneLineWhatItsCostModelGuesses) {
  write("tables.json", R"({"schema": "shardwright.tables/1", "batch_size": 64, "tables": [
    {"name": "a", "rows": 1000, "dim": 16}, {"name": "wide", "rows": 4, "dim": 4096}]})");
  EXPECT_THAT(plan("--json").err,
              AllOf(HasSubstr("\nWarning: outside of what the cost model was fitted to, prices are "
                              "guesses: 1 of 2 tables by their width (fitted to 4 to "),
                    HasSubstr(", 64 samples a step (fitted to ")));
  EXPECT_THAT(plan("--batch-size 512 --json").err, Not(HasSubstr("samples a step (fitted")));
  EXPECT_THAT(plan("--cost-model analytic --json").err, Not(HasSubstr("Warning")));
}

TEST_F(PlanningPrices, PricesByHowFastTheProcessorsAre) {
  const auto cost = [&](const std::string& command) {
    const Outcome outcome = run(command + " --json");
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return json::parse(outcome.out).at("cost_ms").get<double>();
  };
  plan("-o plan.json");
  plan("--probe 10/0.5/4 -o slow.json");
  EXPECT_THAT(read(path("slow.json")), HasSubstr("\"fma_gflop_s\": 4"));
  EXPECT_GT(cost("rate slow.json"), cost("rate plan.json"));
  EXPECT_EQ(cost("rate slow.json"), cost("rate plan.json --probe 10/0.5/4"));
  EXPECT_THAT(plan("--probe 1e6/1e6/1e6 --json").err,
              HasSubstr("1e+06 GB/s of random reads (fitted"));
  EXPECT_THAT(run("rate plan.json --cost-model analytic --probe 10/0.5/4").err,
              HasSubstr("analytic does not know machines' speeds"));
  EXPECT_THAT(run("explain slow.json --cost-model analytic").err,
              HasSubstr("analytic does not know machines' speeds"));
  for (const char* bad : {"10/0.5", "10/0.5/4/1", "10/0/4", "10,0.5,4", "10/0.5/4x", "''"}) {
    expect_failure(std::string("plan tables.json --topology 2xcpu-1MiB --probe ") + bad, 2,
                   "profile probe");
  }
}

TEST_F(PlanningPrices, AsksEachPartOfACostModelWhetherItKnowsSpeeds) {
  ASSERT_EQ(plan("-o plan.json").code, 0);
  const auto rate = [&](const std::string& model, const std::string& more) {
    const Outcome outcome = run("rate plan.json --json --cost-model " + model + more);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome;
  };
  const auto doubts = HasSubstr("does not know machines' speeds: a probe changes nothing");
  for (const char* model : {"cpu-epyc9004-mpi", "cpu-epyc9004-compute"}) {
    const Outcome slow = rate(model, " --probe 10/2/4");
    EXPECT_THAT(slow.err, Not(doubts)) << model;
    EXPECT_GT(json::parse(slow.out)["cost_ms"], json::parse(rate(model, "").out)["cost_ms"])
        << model;
  }
  EXPECT_THAT(rate("nccl-l40s", " --probe 10/2/4").err, doubts);
}

}  // namespace
}  // namespace shardwright
