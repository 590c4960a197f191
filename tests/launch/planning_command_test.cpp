// `plan`, `rate`, `check` and `version` as users start them: streams, exit codes, messages.

#include "tests/launch/two_tables.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <string>

namespace shardwright {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* kMlperfRows =
    "40000000,39060,17295,7424,20265,3,7122,1543,63,40000000,3067956,405282,10,2209,11938,155,4,"
    "976,14,40000000,40000000,40000000,590152,12973,108,36";
constexpr const char* kMlperfPooling = "3,2,1,2,6,1,1,1,1,7,3,8,1,6,9,5,1,1,1,12,100,27,10,3,1,1";

// Every line of `text` is within 120 columns (code points).
void expect_narrow(const std::string& text) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto columns =
        std::count_if(line.begin(), line.end(), [](char byte) { return (byte & 0xC0) != 0x80; });
    EXPECT_LE(columns, 120) << line;
  }
}

class Planning : public TwoTables {};

TEST_F(Planning, PlansMlperfFromCommaLists) {
  const std::string rows = std::string("--num_embeddings_per_feature ") + kMlperfRows;
  const std::string hot = std::string(" --multi_hot_sizes ") + kMlperfPooling;
  const Outcome outcome = run("plan " + rows + hot +
                              " --embedding_dim 128 --topology 8xH100-80GB --batch-size 65536 "
                              "--algorithm size_lookup_greedy -o plan.json");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("26 tables"), HasSubstr("t_cat_25")));
  expect_narrow(outcome.out);
  EXPECT_EQ(run("check plan.json").code, 0);
  const json document = json::parse(read(path("plan.json")));
  EXPECT_EQ(document["tables"].size(), 26U);
  EXPECT_EQ(document["tables"][20]["pooling"], 100);
  EXPECT_EQ(document["topology"]["ranks"].size(), 8U);
}

TEST_F(Planning, PlansFromADashList) {
  const Outcome outcome =
      run("plan --arch-embedding-size 80000-80000 --arch-sparse-feature-size 64 "
          "--topology 2xcpu-1GiB --algorithm size_greedy -o -");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const json document = json::parse(outcome.out);
  EXPECT_EQ(document["schema"], "shardwright.plan/1");
  EXPECT_EQ(document["shards"][1]["rank"], 1);
}

TEST_F(Planning, PlansFromStandardInput) {
  write("t.csv", "name,rows,dim\nx,100,8\n");
  const Outcome outcome =
      run("plan - --topology 1xcpu-1MiB --algorithm dim_greedy -o plan.json < t.csv");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(json::parse(read(path("plan.json")))["made_by"]["inputs"],
              testing::Contains(testing::_));
}

TEST_F(Planning, PrintsEveryDefaultItUsed) {
  write("t.csv", "name,rows,dim,owner\nx,100,8,me\n");
  const Outcome outcome = run("plan t.csv --topology 2xcpu-1MiB");
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(
      outcome.err,
      AllOf(HasSubstr("1 id per sample is assumed"), HasSubstr("ignored: owner"),
            HasSubstr("1024 samples a step"), HasSubstr("(default)"), HasSubstr("seed 1"),
            HasSubstr("Cost model cpu-epyc9004-compute,cpu-epyc9004-mpi, the default for these "),
            HasSubstr("communication: cpu-epyc9004-mpi, fitted to "),
            HasSubstr("Memory model full"), HasSubstr("not saved")));
}

TEST_F(Planning, WarnsAboutTablesNeverLookedUp) {
  write("t.csv", "name,rows,dim,pooling\nx,100,8,0\ny,10,8,1\n");
  const Outcome outcome = run("plan t.csv --topology 2xcpu-1MiB -o plan.json");
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.err, HasSubstr("Warning: 1 of 2 tables have pooling 0"));
}

TEST_F(Planning, TakesTheBatchOfTheSpecUnlessTold) {
  ASSERT_EQ(plan("-o a.json").code, 0);
  EXPECT_EQ(json::parse(read(path("a.json")))["batch_size"], 64);
  ASSERT_EQ(plan("-o b.json --batch-size 128").code, 0);
  EXPECT_EQ(json::parse(read(path("b.json")))["batch_size"], 128);
}

TEST_F(Planning, TheSamePlanHasTheSameBytes) {
  const auto plan_without_record = [&](const std::string& name) {
    EXPECT_EQ(plan("--seed 3 -o " + name).code, 0);
    json document = json::parse(read(path(name)));
    document.erase("search");
    document.erase("made_by");
    return document.dump();
  };
  EXPECT_EQ(plan_without_record("a.json"), plan_without_record("b.json"));
}

TEST_F(Planning, MadeByMakesTheSamePlanAgain) {
  ASSERT_EQ(
      plan("--types table_wise --memory-model weights --seed 9 --probe 20/1/7 -o a.json").code, 0);
  const json first = json::parse(read(path("a.json")));
  const auto command = first["made_by"]["command"].get<std::string>();
  ASSERT_THAT(command, StartsWith("shardwright plan"));
  ASSERT_EQ(run(command.substr(command.find(' ') + 1) + " -o b.json").code, 0);
  EXPECT_EQ(json::parse(read(path("b.json")))["plan_id"], first["plan_id"]);
}

TEST_F(Planning, ReservesWhatATrainingTakesBesideTheTables) {
  write("train.json", R"({"schema": "shardwright.train/1", "overlap": true, "read_ahead": 3})");
  const std::string planned = "plan tables.json --topology 2xcpu-32MiB --train-config train.json ";
  const Outcome outcome = run(planned + "-o a.json");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err,
              AllOf(HasSubstr("Dense part: "), HasSubstr("Read ahead: 3 batches to train on"),
                    HasSubstr("Memory model overlap")));
  const json document = json::parse(read(path("a.json")));
  EXPECT_EQ(document["memory_model"], "overlap");
  EXPECT_GT(document["topology"]["ranks"][1]["reserved_bytes"], 0);
  EXPECT_EQ(run("check a.json").code, 0);
  ASSERT_EQ(run(planned + "--memory-model weights -o b.json").code, 0);
  EXPECT_EQ(json::parse(read(path("b.json")))["memory_model"], "weights");
}

TEST_F(Planning, BoundsTheMemoryOfTheFullestRank) {
  const Outcome outcome =
      run("plan tables.json --topology 2xcpu-1MiB --objective memory --json -o a.json");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const json rating = json::parse(outcome.out);
  EXPECT_FALSE(rating.contains("lower_bound_ms"));
  std::int64_t fullest = 0;
  for (const json& rank : rating["per_rank"]) {
    fullest = std::max(fullest, rank["memory_bytes"].get<std::int64_t>());
  }
  EXPECT_GT(rating["lower_bound_bytes"], 0);
  EXPECT_LE(rating["lower_bound_bytes"], fullest);
  EXPECT_THAT(outcome.err, HasSubstr("fullest rank of no plan needs less"));
}

TEST_F(Planning, PricesByAListOfFittedModelsAndNamesTheirFiles) {
  const std::string comm = SHARDWRIGHT_PRETRAINED "/nccl-l40s.json";
  const std::string models = comm + ",cpu-epyc9004-compute";
  const Outcome outcome = plan("--cost-model " + models + " -o a.json");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("communication: nccl-l40s, fitted to"));
  const json document = json::parse(read(path("a.json")));
  EXPECT_EQ(document["cost_model"], models);
  EXPECT_TRUE(document["made_by"]["inputs"].contains(comm));
  const json rating = json::parse(run("rate a.json --json").out);
  EXPECT_EQ(rating["cost_ms"], document["predicted"]["cost_ms"]);
  EXPECT_FALSE(rating.contains("lower_bound_ms"));
}

TEST_F(Planning, ObjectiveDecidesWhatIsReported) {
  ASSERT_EQ(plan("-o p.json").code, 0);
  const json step = json::parse(run("rate p.json --json").out);
  const json most = json::parse(run("rate p.json --json --objective max_sum").out);
  const auto largest = [&](const char* member) {
    double result = 0;
    for (const json& rank : step["per_rank"]) {
      result = std::max(result, rank[member].get<double>());
    }
    return result;
  };
  EXPECT_EQ(most["cost_ms"], largest("total_ms"));
  EXPECT_DOUBLE_EQ(step["cost_ms"].get<double>(),
                   largest("comm_input_ms") + largest("compute_forward_ms") +
                       largest("comm_forward_ms") + largest("compute_backward_ms") +
                       largest("comm_backward_ms"));
  EXPECT_THAT(run("rate p.json --objective memory").out, HasSubstr("on the fullest rank"));
}

TEST_F(Planning, RatesByAnotherModel) {
  ASSERT_EQ(plan("-o p.json").code, 0);
  const Outcome own = run("rate p.json --json");
  EXPECT_EQ(json::parse(own.out)["plan_id"], json::parse(read(path("p.json")))["plan_id"]);
  const Outcome other = run("rate p.json --cost-model torchrec --json");
  EXPECT_EQ(json::parse(other.out)["cost_model"], "torchrec");
  EXPECT_NE(json::parse(other.out)["cost_ms"], json::parse(own.out)["cost_ms"]);
  expect_narrow(run("rate p.json").out);
}

TEST_F(Planning, ChecksWithExitCode7) {
  ASSERT_EQ(plan("-o p.json").code, 0);
  json broken = json::parse(read(path("p.json")));
  broken["shards"][1]["rank"] = 5;
  write("broken.json", broken.dump());
  const Outcome outcome = run("check broken.json");
  EXPECT_EQ(outcome.code, 7);
  EXPECT_THAT(outcome.out, HasSubstr("is on rank 5, expected a rank from 0 to 1"));
  EXPECT_THAT(outcome.err, HasSubstr("broken.json has 1 problem."));
  expect_failure("rate broken.json", 3, "is on rank 5");
}

TEST_F(Planning, ExitsWith4WithoutAPlanAndKeepsTheOldFile) {
  write("old.json", "old");
  const Outcome outcome = run("plan tables.json --topology 2xcpu-20kB -o old.json");
  EXPECT_EQ(outcome.code, 4);
  EXPECT_THAT(outcome.err,
              AllOf(HasSubstr("No plan can exist"), HasSubstr("kB are missing"), HasSubstr("'a'")));
  EXPECT_EQ(read(path("old.json")), "old");
}

TEST_F(Planning, ChecksWhatItClaimsWithoutAPlan) {
  const Outcome failed = run("plan tables.json --topology 2xcpu-20kB --json");
  EXPECT_EQ(failed.code, 4);
  write("failed.json", failed.out);
  EXPECT_THAT(run("check failed.json").out, HasSubstr("The certificate 'total' holds"));
  const Outcome piped = run("check - < failed.json");
  EXPECT_EQ(piped.code, 0) << piped.err;
  EXPECT_THAT(piped.out, HasSubstr("The certificate 'total' holds"));
  json claim = json::parse(failed.out);
  claim["certificate"]["needed_bytes"] = 1;
  write("false.json", claim.dump());
  EXPECT_EQ(run("check false.json").code, 7);
  claim.erase("certificate");
  write("none.json", claim.dump());
  expect_failure("check none.json", 3, "none.json: this is what plan --json printed");
}

TEST_F(Planning, ExitsWith3ForBadInput) {
  write("malformed.json", "{\n  \"schema\": \"shardwright.tables/1\",,}");
  expect_failure("plan malformed.json --topology 2xcpu-1MiB", 3, "malformed.json: line 2, column");
  expect_failure("plan nowhere.json --topology 2xcpu-1MiB", 3, "nowhere.json cannot be read");
  write("odd.csv", "name,rows,dim\na,10,30\n");
  expect_failure("plan odd.csv --topology 2xcpu-1MiB", 3, "odd.csv: line 2.dim is 30");
  expect_failure("check tables.json", 3, "expected \"shardwright.plan/1\"");
  expect_failure("rate nowhere.json", 3, "nowhere.json cannot be read");
}

TEST_F(Planning, ExitsWith2ForWrongArguments) {
  const std::string good = "plan tables.json --topology 2xcpu-1MiB ";
  expect_failure("", 2, "subcommand is required");
  expect_failure("plam", 2, "did you mean plan?");
  expect_failure("plan tables.json --topolgy 2xcpu-1MiB", 2, "did you mean --topology?");
  expect_failure("plan tables.json", 2, "--topology is required");
  expect_failure("plan --topology 2xcpu-1MiB", 2, "No tables were given");
  expect_failure("plan tables.json --topology 2xcpu", 2, "2xcpu");
  expect_failure(good + "--algorithm size_gredy", 2, "did you mean 'size_greedy'?");
  expect_failure(good + "--types table_wise,colum_wise", 2, "did you mean 'column_wise'?");
  expect_failure(good + "--cost-model torchrek", 2, "did you mean 'torchrec'?");
  expect_failure(good + "--memory-model ful", 2, "did you mean 'full'?");
  expect_failure(good + "--objective steps", 2, "did you mean 'step'?");
  expect_failure(good + "--batch-size 0", 2, "--batch-size");
  expect_failure(good + "--seed -1", 2, "--seed");
  expect_failure(good + "--json -o -", 2, "standard output");
  expect_failure(good + "--embedding-dim 8", 2, "--embedding-dim");
  expect_failure("check", 2, "PLAN is required");
}

TEST_F(Planning, ExitsWith5WhereItCannotWrite) {
  const Outcome outcome = plan("-o nowhere/plan.json");
  EXPECT_EQ(outcome.code, 5);
  EXPECT_THAT(outcome.err, HasSubstr("nowhere/plan.json cannot be written"));
  EXPECT_EQ(run("version --json >/dev/full 2>full.txt; echo $?").out, "5\n");
  EXPECT_THAT(read(path("full.txt")), HasSubstr("No space left"));
}

TEST_F(Planning, HelpStartsWithExamples) {
  for (const char* command : {"", "plan ", "rate ", "check ", "version "}) {
    const Outcome outcome = run(std::string(command) + "--help");
    EXPECT_EQ(outcome.code, 0);
    EXPECT_THAT(outcome.out, StartsWith("Examples:\n  shardwright")) << command;
    EXPECT_THAT(outcome.out, HasSubstr("Usage:"));
    expect_narrow(outcome.out);
  }
  EXPECT_THAT(run("plan --help").out, HasSubstr("table_row_wise")) << "types have names";
}

// Not only a search may be interrupted: here the table spec never comes.
TEST_F(Planning, EndsAtTheFirstInterruptBeforeTheSearch) {
  const Outcome outcome =
      run("version; mkfifo spec; exec 3<>spec; timeout --preserve-status --signal=INT 0.5 "
          "'" SHARDWRIGHT_BINARY "' plan spec --topology 2xcpu-1GiB");
  EXPECT_EQ(outcome.code, 130) << outcome.err;
}

// A search without end, interrupted once it has begun; again only after long, as a second Ctrl-C
// ends the process.
TEST_F(Planning, KeepsTheBestPlanAtAnInterrupt) {
  const Outcome outcome =
      run("version >/dev/null; '" SHARDWRIGHT_BINARY
          "' plan tables.json --topology 2xcpu-1MiB "
          "--work-limit 1000000000000000 -o plan.json >said.txt 2>&1 & search=$!; "
          "until grep -q 'Cost model' said.txt; do sleep 0.1; done; "
          "for n in $(seq 1 60); do sleep 0.5; test -s plan.json && break; "
          "test $((n % 20)) -eq 1 && kill -INT $search; done; "
          "test -s plan.json || kill -KILL $search; wait $search; echo $?");
  ASSERT_EQ(outcome.out, "0\n") << outcome.err;
  EXPECT_EQ(json::parse(read(path("plan.json")))["search"]["stopped_by"], "interrupt");
  EXPECT_THAT(read(path("said.txt")), HasSubstr("stopped by interrupt"));
}

TEST_F(Planning, ListsModelsWithTheirErrors) {
  std::map<std::string, json> errors;
  for (const json& model : json::parse(run("models --json").out)) {
    errors[model["name"]] = model["geometric_mean_error"];
    EXPECT_THAT(run("models").out, HasSubstr(model["name"].get<std::string>()));
  }
  EXPECT_TRUE(errors.at("torchrec").is_null());
  EXPECT_GT(errors.at("nccl-h100"), 0.0);
  EXPECT_LT(errors.at("nccl-h100"), 0.1);
}

TEST_F(Planning, SaysWhatItIs) {
  const Outcome plain = run("--version");
  EXPECT_EQ(plain.code, 0);
  EXPECT_THAT(plain.out, StartsWith("shardwright " SHARDWRIGHT_VERSION));
  const json document = json::parse(run("version --json").out);
  EXPECT_EQ(document["version"], SHARDWRIGHT_VERSION);
  EXPECT_TRUE(document["features"]["runtime"].is_boolean());
  ASSERT_TRUE(document["features"]["cuda"].is_boolean());
  // Without a GPU a build with CUDA still answers, and says why there is no device.
  EXPECT_EQ(document["features"]["cuda"], !document["cuda"].is_null());
  if (!document["cuda"].is_null()) {
    EXPECT_THAT(document["cuda"]["nccl_loaded_version"], Not(IsEmpty()));
    EXPECT_NE(document["cuda"]["devices"] == 0, !document["cuda"].contains("problem"));
  }
  EXPECT_THAT(run("version").out, StartsWith("shardwright " SHARDWRIGHT_VERSION));
}

}  // namespace
}  // namespace shardwright
