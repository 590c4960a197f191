// Commands that read plans, as users start them: streams, exit codes, documents.

#include "tests/launch/planning_command.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <string>

namespace shardwright {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class Reading : public PlanningCommand {
 protected:
  Reading() {
    write("tables.json", R"({"schema": "shardwright.tables/1", "batch_size": 64, "tables": [
      {"name": "a", "rows": 1000, "dim": 32}, {"name": "b", "rows": 500, "dim": 16},
      {"name": "<script>alert(1)</script>", "rows": 90, "dim": 8, "pooling": 3}]})");
    EXPECT_EQ(
        run("plan tables.json --topology 2xcpu-1MiB --algorithm size_greedy -o plan.json").code, 0);
  }

  // The document that a command with --json prints.
  json document(const std::string& arguments) const {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome.code == 0 ? json::parse(outcome.out) : json();
  }
};

TEST_F(Reading, ExplainsWorstTablesFirst) {
  const Outcome outcome = run("explain plan.json");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("The step waits for"), HasSubstr("next best")));
  const json explanation = document("explain plan.json --json");
  EXPECT_EQ(explanation["cost_ms"], json::parse(read(path("plan.json")))["predicted"]["cost_ms"]);
  EXPECT_GE(explanation["tables"][0]["path_ms"], explanation["tables"][1]["path_ms"]);
}

TEST_F(Reading, ExplainsOneTable) {
  const json explanation = document("explain plan.json --table b --json");
  ASSERT_EQ(explanation["tables"].size(), 1U);
  EXPECT_EQ(explanation["tables"][0]["table"], "b");
  EXPECT_THAT(run("explain plan.json --table bb").err, HasSubstr("did you mean 'b'?"));
}

TEST_F(Reading, ExplainsByAnotherCostModel) {
  const json explanation =
      document("explain plan.json --cost-model torchrec --types row_wise --json");
  EXPECT_EQ(explanation["cost_model"], "torchrec");
  for (const json& other : explanation["tables"][0]["alternatives"]) {
    EXPECT_EQ(other["type"], "row_wise");
  }
}

TEST_F(Reading, ReportsOnOnePageWithoutElementsFromNames) {
  const Outcome outcome = run("report plan.json -o report.html");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, IsEmpty());
  EXPECT_THAT(read(path("report.html")), testing::Not(HasSubstr("<script>alert")));
  const json data = document("report plan.json --baselines dim_greedy --json -o -");
  EXPECT_EQ(data["baselines"][0]["algorithm"], "dim_greedy");
  EXPECT_EQ(run("report plan.json --baselines nobody -o report.html").code, 2);
}

TEST_F(Reading, DiffsPlans) {
  ASSERT_EQ(
      run("plan tables.json --topology 2xcpu-1MiB --algorithm round_robin -o other.json").code, 0);
  EXPECT_EQ(document("diff plan.json plan.json --json")["moved_bytes"], 0);
  const json diff = document("diff plan.json other.json --json");
  EXPECT_EQ(diff["per_rank"][0]["received_bytes"].get<std::int64_t>() +
                diff["per_rank"][1]["received_bytes"].get<std::int64_t>(),
            diff["moved_bytes"]);
  const Outcome shown = run("diff plan.json other.json");
  EXPECT_THAT(shown.out, HasSubstr("From plan"));
  for (const char* which : {"earlier", "later"}) {
    EXPECT_THAT(shown.err, HasSubstr(std::string("Warning: the ") + which + " plan: outside of "));
  }
}

TEST_F(Reading, PlansOnFromAnEarlierPlan) {
  write("grown.csv", "name,rows,dim\na,1000,32\nb,500,16\nc,700,16\n");
  const Outcome outcome =
      run("plan grown.csv --topology 2xcpu-1MiB --batch-size 64 --from plan.json --max-moved 0B "
          "-o grown.json");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("2 of 3 tables stay"));
  const json diff = document("diff plan.json grown.json --json");
  EXPECT_EQ(diff["moved_bytes"], 0);
  EXPECT_EQ(json::parse(read(path("grown.json")))["search"]["algorithm"], "from");
  EXPECT_EQ(run("plan grown.csv --topology 2xcpu-1MiB --max-moved 1GB").code, 2);
}

TEST_F(Reading, SweepsTopologiesAndBatchSizes) {
  const Outcome outcome =
      run("sweep tables.json --topologies 1xcpu-1MiB,2xcpu-1MiB,1xcpu-1kB --batch-sizes 32,64 "
          "--algorithm dim_greedy -o sweep.csv");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("infeasible"), HasSubstr("front")));
  EXPECT_THAT(outcome.err, HasSubstr("\n2xcpu-1MiB, 64 samples: Warning: outside of what the cost "
                                     "model was fitted to"));
  const std::string csv = read(path("sweep.csv"));
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 7);
  EXPECT_EQ(document("sweep tables.json --topologies 2xcpu-1MiB --batch-sizes 64 "
                     "--algorithm size_greedy --json")["points"][0]["step_ms"],
            document("rate plan.json --json")["cost_ms"]);
  EXPECT_EQ(run("sweep tables.json --topologies 2xcpu-1MiB --batch-sizes many").code, 2);
}

TEST_F(Reading, SweepsUnderConstraints) {
  write("half.json", R"({"schema": "shardwright.constraints/1",
                         "tables": [{"name": "*", "dtype": "bf16"}], "excluded_ranks": [1]})");
  const std::string sweep =
      "sweep tables.json --batch-sizes 64 --memory-model weights --algorithm size_greedy --json ";
  const json free = document(sweep + "--topologies 1xcpu-1MiB")["points"][0];
  const json bound =
      document(sweep + "--topologies 2xcpu-1MiB --constraints half.json")["points"][0];
  EXPECT_EQ(2 * bound["fullest_rank_bytes"].get<std::int64_t>(), free["fullest_rank_bytes"])
      << "all tables on rank 0, two bytes a weight";
  const json none =
      document(sweep + "--topologies 1xcpu-1MiB --constraints half.json")["points"][0];
  EXPECT_EQ(none["status"], "contradiction");
  EXPECT_THAT(none["contradiction"].get<std::string>(), HasSubstr("excluded_ranks[0] is 1"));
}

TEST_F(Reading, ExportsTorchrecPlansAndReadsThemBack) {
  ASSERT_EQ(run("export plan.json --to torchrec --module model.ebc -o torchrec.json").code, 0);
  const Outcome outcome =
      run("import torchrec.json --from torchrec --tables tables.json --topology 2xcpu-1MiB -o "
          "back.json");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const json back = json::parse(read(path("back.json")));
  const json plan = json::parse(read(path("plan.json")));
  EXPECT_EQ(back["shards"], plan["shards"]);
  EXPECT_EQ(back["plan_id"], plan["plan_id"]);
  EXPECT_EQ(run("import torchrec.json --from torchrec --topology 1xcpu-1MiB -o x.json").code, 3);
  EXPECT_EQ(run("import torchrec.json --from torchrec -o x.json").code, 2);
}

TEST_F(Reading, ReportsWhatAnExportLoses) {
  const Outcome hugectr = run("export plan.json --to hugectr");
  EXPECT_EQ(json::parse(hugectr.out)["shard_matrix"].size(), 2U);
  EXPECT_THAT(hugectr.err, HasSubstr("Not kept: "));
  EXPECT_THAT(run("export plan.json --to torchrec-source").out,
              HasSubstr("construct_module_sharding_plan("));
  EXPECT_THAT(run("export plan.json --to csv").out, HasSubstr("table,type,row_begin"));
  EXPECT_EQ(run("export plan.json --to paper").code, 2);
}

TEST_F(Reading, ListsLossesAsOneDocument) {
  const json written = document("export plan.json --to hugectr -o matrix.json --json");
  EXPECT_EQ(written["schema"], "shardwright.exchange/1");
  EXPECT_EQ(written["form"], "hugectr");
  EXPECT_EQ(written["file"], "matrix.json");
  EXPECT_FALSE(written["losses"].empty());
  const json taken = document(
      "import matrix.json --from hugectr --tables tables.json --topology 2xcpu-1MiB -o back.json "
      "--json");
  EXPECT_EQ(taken["losses"], json::array());
  EXPECT_EQ(run("check back.json").code, 0);
  const Outcome refused = run("export plan.json --to csv --json");
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, HasSubstr("name a file with -o"));
  EXPECT_THAT(refused.out, IsEmpty());
}

TEST_F(Reading, ImportsTheShapesOfWeights) {
  const std::string header =
      R"({"bags.t.weight":{"dtype":"F32","shape":[10,8],"data_offsets":[0,320]}})";
  std::string length(8, '\0');
  length[0] = static_cast<char>(header.size());
  write("w.safetensors", length + header + std::string(320, '\0'));
  const Outcome outcome = run("import w.safetensors --from safetensors --module bags -o t.json");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const json table = json::parse(read(path("t.json")))["tables"][0];
  EXPECT_EQ(table["name"], "t");
  EXPECT_EQ(table["rows"], 10);
  write("short.safetensors", "1234567");
  EXPECT_THAT(run("import short.safetensors --from safetensors -o t.json").err,
              HasSubstr("it has 7 bytes"));
  write("long.safetensors", length + header.substr(1));
  EXPECT_THAT(run("import long.safetensors --from safetensors -o t.json").err,
              HasSubstr("its header should have 71 bytes, but the file has 78 in all"));
  EXPECT_EQ(run("import nowhere.safetensors --from safetensors -o t.json").code, 3);
}

TEST_F(Reading, ExplainsAndReportsWithTheDoubtsAboutThePrices) {
  for (const char* command : {"explain plan.json", "report plan.json -o report.html"}) {
    const Outcome outcome = run(command);
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("\nWarning: outside of what the cost model was fitted to"))
        << command;
  }
}

TEST_F(Reading, EvaluatesAndSaysOnceWhatLiesOutsideOfTheTraining) {
  const std::string header =
      "# shardwright.timings/1\n# kind: compute\n"
      "hardware,set,batch,optimizer,tables,forward_ms,backward_ms\n";
  const std::string known = "AMD EPYC,0,512,sgd,1000/16/2/1,0.1,0.2\n";
  write("known.csv", header + known);
  const std::string evaluate = "evaluate cpu-epyc9004-compute ";
  const Outcome within = run(evaluate + "known.csv");
  ASSERT_EQ(within.code, 0) << within.err;
  EXPECT_THAT(within.err, IsEmpty());
  write("far.csv", header + known + "AMD EPYC,1,512,sgd,2000000000/16/2/1 1000/5000/2/1,0.1,0.2\n" +
                       "another,2,64,sgd,2000000000/16/2/1 9/16/2/1,0.1,0.2\n");
  const std::string said = run(evaluate + "far.csv --json").err;
  EXPECT_THAT(said, AllOf(StartsWith("Warning: 2 of 3 row(s) lie outside of what "
                                     "cpu-epyc9004-compute was trained on: hardware another ("),
                          ContainsRegex("rows of tables \\(1 to [^)]+\\) in 2, samples \\(256 to "),
                          ContainsRegex("width of tables \\(4 to 2048\\) in 1")));
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1);
  EXPECT_EQ(run(evaluate + "known.csv --only-link network").code, 2);
}

TEST_F(Reading, ImportsTableConfigs) {
  write("configs.json", R"([{"name": "t", "num_embeddings": 10, "embedding_dim": 8}])");
  const Outcome outcome = run("import configs.json --from configs -o t.json");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("1 per table is assumed"));
  EXPECT_EQ(run("plan t.json --topology 1xcpu-1MiB").code, 0);
}

}  // namespace
}  // namespace shardwright
