#include "costmodel/json/json_view.hpp"
#include "runtime/comm/thread_communicator.hpp"
#include "runtime/data/dataset_writer.hpp"
#include "runtime/embedding/number_format.hpp"
#include "tests/runtime/trainer/training_run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace shardwright {
namespace {

using testing::HasSubstr;

std::vector<nlohmann::json> events_of(const TrainingRun& run, const std::string& kind) {
  std::vector<nlohmann::json> events;
  for (const auto& event : run.events) {
    if (event["event"] == kind) events.push_back(event);
  }
  return events;
}

TEST(Training, ComesNearTheAucOfTheTrueModel) {
  const TestFolder folder;
  const double ceiling = write_test_data(folder / "data", 20'000, 2'000);
  TrainConfig config = test_config(folder / "data", folder / "out");
  config.batch_size = 100;
  config.epochs = 3;

  const TrainingRun run = run_training(2, config);

  const double last_losses = std::accumulate(run.losses.end() - 100, run.losses.end(), 0.0) / 100;
  EXPECT_LT(last_losses, run.losses.front() - 0.2);
  EXPECT_GT(*run.summary.test.auc, ceiling - 0.05);
  EXPECT_LT(*run.summary.test.auc, ceiling + 0.01);
}

// 10 samples in batches of 4 on 3 ranks: every batch gives some rank less, the last (2) leaves one
// with nothing; on 8 ranks most are dry in every step.
TEST(Training, RanksThatRunDryTakePartToTheEnd) {
  const TestFolder folder;
  write_test_data(folder / "data", 10, 5);
  TrainConfig config = test_config(folder / "data", folder / "out");
  config.batch_size = 4;
  config.epochs = 2;
  const TrainingRun one = run_training(1, config);
  ASSERT_EQ(one.losses.size(), 6U);

  for (const std::int64_t ranks : {3, 8}) {
    const TrainingRun several = run_training(ranks, config);
    ASSERT_EQ(several.losses.size(), 6U);
    for (std::size_t i = 0; i < 6; ++i) {
      EXPECT_NEAR(several.losses[i], one.losses[i], 1e-5 * one.losses[i]);
    }
    EXPECT_EQ(several.summary.test.samples, 5);
    EXPECT_EQ(several.summary.samples, 20);
  }
}

TEST(Training, AModelCarriesTheIdOfItsOwnJob) {
  const TestFolder folder;
  write_test_data(folder / "data");
  TrainConfig config = test_config(folder / "data", folder / "out");
  config.max_steps = 1;
  const auto model_id = [&] { return read_json(config.output + "/model/index.json")["job_id"]; };
  const TrainingRun first = run_training(1, config);
  EXPECT_EQ(first.events.back()["job_id"], model_id());

  config.seed = 2;
  config.save_model = false;  // leaves the model of seed 1
  const TrainingRun second = run_training(1, config);
  EXPECT_NE(second.events.back()["job_id"], model_id());
  EXPECT_EQ(first.events.back()["job_id"], model_id());
}

/// test_tables() whole, each in another format with another of the optimizers that keep two values.
Plan tables_in_all_formats(std::int64_t first) {
  Plan plan = whole_tables(2, first);
  plan.workload.tables[0].dtype = DataType::bf16;
  plan.workload.tables[0].optimizer = OptimizerKind::adam;
  plan.workload.tables[1].dtype = DataType::fp16;
  plan.workload.tables[1].optimizer = OptimizerKind::ftrl;
  plan.workload.tables[2].optimizer = OptimizerKind::rowwise_adam;
  return plan;
}

TEST(Training, TablesInSixteenBitsAreTrainedAndSaved) {
  const TestFolder folder;
  write_test_data(folder / "data");
  std::vector<TrainingRun> runs;
  for (const std::int64_t first : {0, 1}) {
    TrainConfig config = test_config(folder / "data", folder / "out");
    config.plan = write_plan(folder / "plan.json", tables_in_all_formats(first));
    config.threads = 1 + first;
    runs.push_back(run_training(2, config));
  }
  EXPECT_EQ(runs[0].losses, runs[1].losses);
  EXPECT_EQ(runs[0].weights, runs[1].weights);
  EXPECT_LT(runs[0].losses.back(), runs[0].losses.front());
  for (const float weight : runs[0].weights.at("user")) {
    ASSERT_EQ(to_float(nearest_bf16(weight)), weight);
  }
  for (const float weight : runs[0].weights.at("item")) {
    ASSERT_EQ(to_float(nearest_fp16(weight)), weight);
  }
}

TEST(Training, WarmupRaisesTheLearningRate) {
  const TestFolder folder;
  write_test_data(folder / "data");
  TrainConfig config = test_config(folder / "data", folder / "out");
  config.warmup_steps = 4;
  config.max_steps = 6;

  const TrainingRun run = run_training(1, config);

  std::vector<double> rates;
  for (const auto& step : events_of(run, "step")) rates.push_back(step["learning_rate"]);
  EXPECT_THAT(rates,
              testing::Pointwise(testing::DoubleEq(), {0.0125, 0.025, 0.0375, 0.05, 0.05, 0.05}));
}

TEST(Training, MetricsTellEveryStepEvaluationAndTheEnd) {
  const TestFolder folder;
  write_test_data(folder / "data");
  TrainConfig config = test_config(folder / "data", folder / "out");
  config.epochs = 2;
  const TrainingRun run = run_training(2, config);

  const auto steps = events_of(run, "step");
  ASSERT_EQ(steps.size(), 26U);
  EXPECT_EQ(steps[25]["step"], 25);
  EXPECT_EQ(steps[25]["epoch"], 1);
  EXPECT_EQ(steps[25]["samples"], 16);  // the short last batch
  EXPECT_EQ(steps[24]["samples"], 32);
  EXPECT_GT(steps[0]["samples_per_s"], 0.0);
  EXPECT_GE(steps[0]["phase_ms"]["lookup"]["max"], steps[0]["phase_ms"]["lookup"]["mean"]);
  EXPECT_EQ(steps[0]["phase_ms"].size(), kStepPhaseNames.size());
  const auto evaluations = events_of(run, "evaluation");
  ASSERT_EQ(evaluations.size(), 2U);
  EXPECT_EQ(evaluations[1]["auc"], *run.summary.test.auc);
  EXPECT_EQ(evaluations[1]["samples"], 600);
  EXPECT_EQ(run.events.back()["event"], "summary");
  EXPECT_EQ(run.events.back()["steps"], 26);
}

TEST(Training, EveryRankGetsTheSameSummary) {
  const TestFolder folder;
  write_test_data(folder / "data");
  const TrainConfig config = test_config(folder / "data", folder / "out");
  std::vector<std::string> summaries(3);
  run_ranks(3, [&](Communicator& comm) {
    TrainSummary summary = train(comm, config, {});
    EXPECT_EQ(summary.plan_check.has_value(), comm.rank() == RankId{0});
    summary.plan_check.reset();
    summaries[comm.rank().index()] = summary_to_json(summary).dump();
  });

  EXPECT_EQ(summaries[1], summaries[0]);
  EXPECT_EQ(summaries[2], summaries[0]);
}

// Bytes of a step of 32 samples on two ranks, 16 each; "user" and "tag" on rank 0, "item" on 1.
// Output: rank 0 sends two features, rank 1 two, of 16 samples of the other rank, 12 floats each.
TEST(Training, CountsTheBytesThatLeaveARank) {
  const TestFolder folder;
  write_test_data(folder / "data");
  TrainConfig config = test_config(folder / "data", folder / "out");
  config.max_steps = 1;
  const TrainingRun run = run_training(2, config);

  const nlohmann::json bytes = events_of(run, "step").at(0)["bytes_sent"];
  EXPECT_EQ(bytes["output"], 16 * 2 * 12 * 4);
  EXPECT_EQ(bytes["output_max"], 16 * 2 * 12 * 4);
  EXPECT_EQ(bytes["gradient"], 16 * 2 * 12 * 4);
  EXPECT_GE(bytes["input"], 16 * 4 * 8);  // rank 0's ids of "item"
  EXPECT_GT(bytes["dense"], 0);
  EXPECT_EQ(bytes["output_ranks"], nlohmann::json({16 * 2 * 12 * 4, 16 * 2 * 12 * 4}));
  EXPECT_EQ(run_training(1, config).summary.sums.max_bytes,
            (std::array<std::int64_t, 4>{0, 0, 0, 0}));
}

void write_part(const std::string& folder, const std::vector<float>& labels) {
  DatasetWriter writer(folder, {"x"}, {{"a", "a", false}, {"b", "b", false}});
  for (const float label : labels) {
    writer.add({.label = label, .dense = {0.5F}, .ids = {{1}, {2}}, .weights = {{}, {}}});
  }
  writer.finish();
}

void write_two_table_data(const std::string& folder, const std::vector<float>& test_labels) {
  write_part(folder + "/train", {0, 1, 1, 0, 1});
  write_part(folder + "/test", test_labels);
  std::ofstream(folder + "/tables.json")
      << R"({"schema": "shardwright.tables/1", "batch_size": 2, "tables": [
             {"name": "a", "rows": 4, "dim": 4}, {"name": "b", "rows": 4, "dim": 4}]})";
}

TEST(Training, AnEmptyTestPartLeavesTheMetricsUndefined) {
  const TestFolder folder;
  write_two_table_data(folder / "data", {});
  TrainConfig config = test_config(folder / "data", folder / "out");
  config.bottom_mlp = {4};

  const TrainingRun run = run_training(2, config);

  EXPECT_EQ(run.summary.test.samples, 0);
  EXPECT_TRUE(events_of(run, "evaluation")[0]["auc"].is_null());
  EXPECT_TRUE(run.events.back()["log_loss"].is_null());
  EXPECT_THAT(summary_to_text(run.summary), HasSubstr("AUC undefined"));
}

TEST(Training, ATestPartOfOneClassHasNoAuc) {
  const TestFolder folder;
  write_two_table_data(folder / "data", {1, 1, 1});
  TrainConfig config = test_config(folder / "data", folder / "out");
  config.bottom_mlp = {4};

  const TrainingRun run = run_training(2, config);

  EXPECT_TRUE(events_of(run, "evaluation")[0]["auc"].is_null());
  EXPECT_FALSE(events_of(run, "evaluation")[0]["log_loss"].is_null());
}

TEST(Training, FeaturesMayStandInAnotherOrderInTheData) {
  const TestFolder folder;
  write_test_data(folder / "data");
  TrainConfig config = test_config(folder / "data", folder / "out");
  config.max_steps = 5;
  const TrainingRun in_order = run_training(2, config);

  for (const char* part : {"train", "test"}) {  // swaps features 0 ("user") and 1 ("clicked")
    const std::string base = folder / "data" + "/" + part;
    for (const char* suffix : {".offsets.u64", ".ids.i64"}) {
      std::filesystem::rename(base + "/feature_0" + suffix, base + "/swap");
      std::filesystem::rename(base + "/feature_1" + suffix, base + "/feature_0" + suffix);
      std::filesystem::rename(base + "/swap", base + "/feature_1" + suffix);
    }
    std::ifstream in(base + "/meta.json");
    nlohmann::json meta = nlohmann::json::parse(in);
    std::swap(meta["features"][0], meta["features"][1]);
    std::ofstream(base + "/meta.json") << meta;
  }
  const TrainingRun swapped = run_training(2, config);

  EXPECT_EQ(swapped.losses, in_order.losses);
  EXPECT_EQ(swapped.summary.test.auc, in_order.summary.test.auc);
}

TEST(Training, EpochsThatWereNotFinishedDoNotCount) {
  const TestFolder folder;
  write_test_data(folder / "data");
  TrainConfig config = test_config(folder / "data", folder / "out");
  std::string said;
  TrainSurroundings surroundings;
  surroundings.progress.write = [&](const std::string& text) { said += text; };
  config.epochs = 3;
  config.max_steps = 18;  // one epoch of 13 steps, and five more
  const TrainingRun run = run_training(1, config, surroundings);

  EXPECT_EQ(run.summary.epochs, 1);
  EXPECT_THAT(said, HasSubstr("Test after step 13 of 18: AUC"));
  EXPECT_THAT(said, HasSubstr("Test after step 18 of 18: AUC"));
  const auto evaluations = events_of(run, "evaluation");
  ASSERT_EQ(evaluations.size(), 2U);
  EXPECT_EQ(evaluations[1]["epoch"], 1);
  EXPECT_EQ(evaluations[1]["steps"], 18);
  config.epochs = 0;
  EXPECT_EQ(run_training(1, config, surroundings).summary.epochs, 0);
  EXPECT_THAT(said, HasSubstr("Test after step 0 of 0: AUC"));
}

TEST(Training, PredictionsForAnotherJobAreLeftOut) {
  const TestFolder folder;
  write_test_data(folder / "data");
  TrainConfig config = test_config(folder / "data", folder / "out");
  config.max_steps = 1;
  Plan plan = whole_tables(2);
  plan.predicted[0].phases.compute_forward_ms = 1.5;
  config.plan = write_plan(folder / "plan.json", plan);
  std::string said;
  TrainSurroundings surroundings;
  surroundings.progress.write = [&](const std::string& text) { said += text; };
  const auto predicted = [&](const TrainConfig& job) {
    said.clear();
    return summary_to_json(run_training(2, job, surroundings).summary)["predicted_ms"];
  };

  EXPECT_EQ(predicted(config)["lookup"], 1.5);
  EXPECT_THAT(said, testing::Not(HasSubstr("The plan was made for")));
  TrainConfig other_batch = config;
  other_batch.batch_size = 16;
  EXPECT_TRUE(predicted(other_batch).is_null());
  EXPECT_THAT(said, HasSubstr("made for a batch of 32 samples, and this job takes 16"));
  TrainConfig other_optimizer = config;
  other_optimizer.optimizer = OptimizerKind::sgd;
  EXPECT_TRUE(predicted(other_optimizer).is_null());
  EXPECT_THAT(said, HasSubstr("made for rowwise_adagrad on table user, and this job takes sgd"));
  TrainConfig other_parts = config;
  other_parts.rank_batch_sizes = {17, 15};
  EXPECT_TRUE(predicted(other_parts).is_null());
  EXPECT_THAT(said, HasSubstr("made for ranks that take even parts of a batch, and this job has"));
  EXPECT_THAT(said, testing::Not(HasSubstr("Plan again")));
  other_parts.rank_batch_sizes = {16, 16};
  EXPECT_EQ(predicted(other_parts)["lookup"], 1.5);
}

TEST(Training, ProgressIsRankZerosAlone) {
  const TestFolder folder;
  write_test_data(folder / "data");
  TrainConfig config = test_config(folder / "data", folder / "out");
  config.progress_every = 5;
  std::vector<std::string> lines;
  TrainSurroundings surroundings;
  surroundings.progress.write = [&](const std::string& text) { lines.push_back(text); };

  run_training(3, config, surroundings);

  EXPECT_EQ(std::count_if(lines.begin(), lines.end(),
                          [](const std::string& line) { return line.find("ETA") != line.npos; }),
            3);  // steps 5 and 10, and the last, 13
  EXPECT_THAT(lines, testing::Contains(HasSubstr("epoch 1/1  step 13/13")));
}

}  // namespace
}  // namespace shardwright
