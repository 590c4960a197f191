// What planning commands say of the files that they read, name and are to write.

#include "tests/launch/planning_command.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace shardwright {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

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
                                 HasSubstr("Change its constraints or --types. See c.json: "
                                           "tables[0].constraints.types; c.json: "
                                           "tables[0].constraints.max_shards.")));
  const Outcome piped = run("plan - --constraints c.json --topology 2xcpu-1MiB < tables.json");
  EXPECT_EQ(piped.code, 3);
  EXPECT_THAT(piped.err, HasSubstr("standard input and c.json: Table 'a' may only be row_wise"));
}

TEST_F(PlanningFiles, OfConstraintsThatLeaveNoRoomAreNamed) {
  write("c.json", R"({"schema": "shardwright.constraints/1", "excluded_ranks": [1], "tables": [
    {"name": "b", "constraints": {"max_shards": 1}},
    {"name": "a", "constraints": {"ranks": [0], "max_shards": 2}}]})");
  const Outcome outcome = run(
      "plan tables.json --constraints c.json --topology 2xcpu-60kB --memory-model weights --json");
  EXPECT_EQ(outcome.code, 4) << outcome.err;
  const json result = json::parse(outcome.out);
  EXPECT_THAT(result["message"].get<std::string>(),
              AllOf(HasSubstr("See c.json: tables[1].constraints.ranks; c.json: excluded_ranks."),
                    Not(HasSubstr("more ranks or memory"))));
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

TEST_F(PlanningFiles, OfRanksThatSomeTopologiesLackAreSweptAllTheSame) {
  const auto statuses = [&](const std::string& constraints) {
    write("c.json", R"({"schema": "shardwright.constraints/1", )" + constraints + "}");
    const Outcome outcome =
        run("sweep tables.json --constraints c.json --topologies 2xcpu-8MiB,4xcpu-4MiB "
            "--batch-sizes 64 --json");
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    std::vector<std::string> found;
    const json document = json::parse(outcome.out);
    for (const json& point : document["points"]) {
      found.push_back(point["status"] == "contradiction" ? point["contradiction"] : json("plan"));
    }
    return found;
  };
  EXPECT_THAT(
      statuses(R"("excluded_ranks": [3])"),
      ElementsAre("c.json: excluded_ranks[0] is 3, expected an integer from 0 to 1.", "plan"));
  EXPECT_THAT(statuses(R"("reserved_bytes": [1, 2])"),
              ElementsAre("plan", HasSubstr("one for each of the 4 ranks")));
  EXPECT_THAT(statuses(R"("reserved_bytes": 6000000)"),
              ElementsAre("plan", HasSubstr("expected an integer from 0 to 4194304")));
}

// Standard input is there only once.
TEST_F(PlanningFiles, OfATrainingAreReadOnceForAllPoints) {
  write("train.json", R"({"schema": "shardwright.train/1"})");
  const Outcome outcome =
      run("sweep tables.json --train-config - --topologies 2xcpu-32MiB,2xcpu-33MiB "
          "--batch-sizes 64,128 --json < train.json");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
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
