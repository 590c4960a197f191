// What planning commands say of the files that they read, name and are to write.

#include "tests/launch/planning_command.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <set>
#include <string>

namespace shardwright {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class PlanningFiles : public PlanningCommand {
 protected:
  PlanningFiles() {
    write("tables.json", R"({"schema": "shardwright.tables/1", "batch_size": 64, "tables": [
      {"name": "a", "rows": 1000, "dim": 16, "pooling": 8}, {"name": "b", "rows": 50, "dim": 32}]})");
  }

  json sweep(const std::string& more) const {
    const Outcome outcome =
        run("sweep tables.json --topologies 2xcpu-32MiB --batch-sizes 64 --json " + more);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return json::parse(outcome.out)["points"][0];
  }
};

TEST_F(PlanningFiles, OfContradictionsAreNamed) {
  write("c.json", R"({"schema": "shardwright.constraints/1", "tables": [
    {"name": "a", "constraints": {"types": ["row_wise"], "max_shards": 1}}]})");
  const Outcome outcome = run(
      "plan tables.json --constraints c.json --topology 2xcpu-1MiB --types row_wise,table_wise");
  EXPECT_EQ(outcome.code, 3);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("tables.json and c.json: Table 'a' can have no shape"),
                                 HasSubstr("Change its constraints or --types.")));
  const Outcome piped = run("plan - --constraints c.json --topology 2xcpu-1MiB < tables.json");
  EXPECT_EQ(piped.code, 3);
  EXPECT_THAT(piped.err, HasSubstr("standard input and c.json: Table 'a' may only be row_wise"));
}

TEST_F(PlanningFiles, ThatCannotBeWrittenAreToldBeforeTheWork) {
  const auto expect_first = [&](const std::string& arguments) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, 5) << arguments;
    EXPECT_THAT(outcome.err, HasSubstr("cannot be written: No such file or directory"))
        << arguments;
    EXPECT_THAT(outcome.out, IsEmpty()) << arguments;
  };
  expect_first("plan tables.json --topology 2xcpu-20kB -o nowhere/p.json");  // no plan could exist
  expect_first("sweep tables.json --topologies 2xcpu-1MiB --batch-sizes 64 -o nowhere/s.csv");
  expect_first("report absent.json -o nowhere/r.html");
  expect_first("import absent.json --from configs -o nowhere/t.json");
}

TEST_F(PlanningFiles, ToWriteAreOnlyLookedAt) {
  write("old.json", "old");
  EXPECT_EQ(run("plan tables.json --topology 2xcpu-20kB -o old.json").code, 4);
  EXPECT_EQ(run("plan tables.json --topology 2xcpu-20kB -o new.json").code, 4);
  EXPECT_EQ(read(path("old.json")), "old");
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(path("."))) {
    names.insert(entry.path().filename().string());
  }
  EXPECT_EQ(names, (std::set<std::string>{"err.txt", "old.json", "out.txt", "tables.json"}));
}

TEST_F(PlanningFiles, MayHaveNamesThatAreNoUtf8) {
  write("\xfd.json", read(path("tables.json")));
  const Outcome planned = run("plan '\xfd.json' --topology 2xcpu-1MiB -o plan.json");
  ASSERT_EQ(planned.code, 0) << planned.err;
  EXPECT_THAT(json::parse(read(path("plan.json")))["made_by"]["command"].get<std::string>(),
              HasSubstr("\xef\xbf\xbd.json"));
  write("configs.json", R"([{"name": "t", "num_embeddings": 5, "embedding_dim": 8,
    "feature_names": ["f"], "pooling": "SUM"}])");
  const Outcome imported = run("import configs.json --from configs -o '\xff.json' --json");
  ASSERT_EQ(imported.code, 0) << imported.err;
  EXPECT_EQ(json::parse(imported.out)["form"], "configs");
  EXPECT_THAT(read(path("\xff.json")), HasSubstr("shardwright.tables/1"));
}

TEST_F(PlanningFiles, AreQuotedInTheCommandThatMakesAPlanAgain) {
  write("my tables; 'all'.json", read(path("tables.json")));
  ASSERT_EQ(run("plan \"my tables; 'all'.json\" --topology 2xcpu-1MiB -o a.json").code, 0);
  const json first = json::parse(read(path("a.json")));
  const auto command = first["made_by"]["command"].get<std::string>();
  ASSERT_EQ(run(command.substr(command.find(' ') + 1) + " -o b.json").code, 0) << command;
  EXPECT_EQ(json::parse(read(path("b.json")))["plan_id"], first["plan_id"]);
}

TEST_F(PlanningFiles, WithAContradictionOnSomeRanksAreSweptAllTheSame) {
  write("c.json", R"({"schema": "shardwright.constraints/1", "tables": [
    {"name": "a", "constraints": {"ranks": [3]}}]})");
  const Outcome outcome =
      run("sweep tables.json --constraints c.json --topologies 2xcpu-8MiB,4xcpu-8MiB "
          "--batch-sizes 64 -o s.csv");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("2xcpu-8MiB: tables.json and c.json: Table 'a' is constrained "
                                     "to rank 3"));
  EXPECT_THAT(read(path("s.csv")), AllOf(HasSubstr("2xcpu-8MiB,2,64,contradiction,"),
                                         HasSubstr("4xcpu-8MiB,4,64,feasible,")));
}

TEST_F(PlanningFiles, AreSweptAsTheyArePlanned) {
  write("train.json", R"({"schema": "shardwright.train/1", "overlap": true})");
  const json plain = sweep("");
  EXPECT_GT(sweep("--train-config train.json")["fullest_rank_bytes"], plain["fullest_rank_bytes"]);
  EXPECT_NE(sweep("--unique-rows all")["step_ms"], plain["step_ms"]);
  std::set<double> steps;
  for (int seed = 0; seed < 8; ++seed) {
    steps.insert(
        sweep("--algorithm random --seed " + std::to_string(seed))["step_ms"].get<double>());
  }
  EXPECT_GT(steps.size(), 1U);
  EXPECT_EQ(
      run("sweep tables.json --topologies 2xcpu-8MiB --batch-sizes 64 --unique-rows some").code, 2);
}

}  // namespace
}  // namespace shardwright
