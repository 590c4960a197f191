// The documents that `plan`, `rate` and `check` print and write, word for word but for times.
// SHARDWRIGHT_UPDATE_GOLDEN=1 in the environment writes them anew.

#include "tests/launch/planning_command.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <string>

namespace shardwright {
namespace {

using nlohmann::json;

// Three tables of which the first fits no rank whole, on two ranks of 150 kB.
constexpr const char* kTables = R"({"schema": "shardwright.tables/1", "batch_size": 32, "tables": [
  {"name": "user", "rows": 1000, "dim": 32, "pooling": 1, "features": ["user_id"]},
  {"name": "genre", "rows": 20, "dim": 32, "pooling": 2.5, "mode": "mean"},
  {"name": "movie", "rows": 300, "dim": 32, "optimizer": "sgd",
   "constraints": {"types": ["table_wise"], "ranks": [1]}}]})";

// The first table takes three ranks' room, and its constraints forbid to cut it.
constexpr const char* kTooLarge = R"({"schema": "shardwright.tables/1", "tables": [
  {"name": "giant", "rows": 1000000, "dim": 64, "constraints": {"types": ["table_wise"]}},
  {"name": "small", "rows": 10, "dim": 4}]})";

void blank_times(json& document) {
  for (const char* key : {"search_seconds", "seconds"}) {
    if (document.contains(key)) document[key] = 0;
  }
  if (document.contains("search")) blank_times(document["search"]);
  if (document.contains("made_by")) document["made_by"]["version"] = "0";
}

class PlanningGolden : public PlanningCommand {
 protected:
  PlanningGolden() {
    write("tables.json", kTables);
    write("too_large.json", kTooLarge);
  }

  void expect_golden(const std::string& name, const std::string& text) const {
    const std::string file = std::string(SHARDWRIGHT_GOLDEN) + "/" + name;
    json document = json::parse(text);
    blank_times(document);
    if (std::getenv("SHARDWRIGHT_UPDATE_GOLDEN") != nullptr) {
      std::ofstream(file) << document.dump(1) << "\n";
    }
    EXPECT_EQ(document.dump(1) + "\n", read(file)) << "differs from " << file;
  }

  const std::string plan_ =
      "plan tables.json --topology 2xcpu-150kB --algorithm size_greedy --cost-model torchrec";
};

TEST_F(PlanningGolden, Plan) {
  const Outcome outcome = run(plan_ + " --json -o plan.json");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  expect_golden("plan_stdout.json", outcome.out);
  expect_golden("plan_file.json", read(path("plan.json")));
}

TEST_F(PlanningGolden, PlanWithoutPlan) {
  const Outcome outcome = run(
      "plan too_large.json --topology 3xcpu-100MB --algorithm size_greedy --cost-model torchrec "
      "--json -o plan.json");
  EXPECT_EQ(outcome.code, 4);
  EXPECT_FALSE(std::filesystem::exists(path("plan.json")));
  expect_golden("infeasible_stdout.json", outcome.out);
}

TEST_F(PlanningGolden, Rate) {
  ASSERT_EQ(run(plan_ + " -o plan.json").code, 0);
  const Outcome outcome = run("rate plan.json --objective max_sum --json");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  expect_golden("rate_stdout.json", outcome.out);
}

TEST_F(PlanningGolden, Check) {
  ASSERT_EQ(run(plan_ + " -o plan.json").code, 0);
  const Outcome valid = run("check plan.json --json");
  EXPECT_EQ(valid.code, 0) << valid.err;
  expect_golden("check_stdout.json", valid.out);
  json plan = json::parse(read(path("plan.json")));
  plan["shards"].erase(0);
  write("broken.json", plan.dump());
  const Outcome broken = run("check broken.json --json");
  EXPECT_EQ(broken.code, 7);
  expect_golden("check_broken_stdout.json", broken.out);
}

}  // namespace
}  // namespace shardwright
