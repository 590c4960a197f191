// Tables without pooling, whose ids' vectors a dense part of the user's own takes.

#include "costmodel/json/json_view.hpp"
#include "costmodel/json/write_file.hpp"
#include "runtime/model/dense_model.hpp"
#include "tests/runtime/embedding/distance.hpp"
#include "tests/runtime/model/made_module.hpp"
#include "tests/runtime/trainer/training_run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <string>
#include <vector>

namespace shardwright {
namespace {

using testing::Each;
using testing::HasSubstr;
using testing::Pointwise;

// The test data has 3 dense features and features user, clicked, shown and tag of 12 columns.
const std::vector<ModuleParameter> kWeights = {{"hidden", 51, 6}, {"out", 6, 1}};
constexpr const char* kPooled = R"(
def forward(self, dense: Tensor, pooled: Tensor) -> Tensor:
    x = torch.cat([dense, pooled], 1)
    return torch.matmul(torch.relu(torch.matmul(x, self.hidden)), self.out)
)";
// The same of user and tag pooled, clicked and shown id by id, which it adds up itself.
constexpr const char* kUnpooled = R"(
def sums(self, vectors: Tensor, offsets: Tensor) -> Tensor:
    samples = offsets.size(0) - 1
    bags = torch.repeat_interleave(torch.arange(samples), offsets[1:] - offsets[:-1])
    return torch.zeros([samples, vectors.size(1)]).index_add(0, bags, vectors)
def forward(self, dense: Tensor, pooled: Tensor, vectors: List[Tensor], offsets: List[Tensor]) -> Tensor:
    clicked = self.sums(vectors[0], offsets[0])
    shown = self.sums(vectors[1], offsets[1])
    x = torch.cat([dense, pooled[:, :12], clicked, shown, pooled[:, 12:]], 1)
    return torch.matmul(torch.relu(torch.matmul(x, self.hidden)), self.out)
)";

class UnpooledTraining : public testing::Test {
 protected:
  UnpooledTraining() {
    write_test_data(folder_ / "data");
    config_ = test_config(folder_ / "data", folder_ / "out");
    config_.bottom_mlp.clear();
    config_.top_mlp.clear();
    config_.dense_torchscript = folder_ / "module.pt";
  }

  /// In the data's own description of its tables.
  void set_item_mode(const char* mode) {
    const std::string file = folder_ / "data/tables.json";
    nlohmann::json tables = read_json(file);
    tables["tables"][1]["mode"] = mode;
    write_file(file, tables.dump());
  }

  TrainingRun train_pooled(std::int64_t ranks, const Plan& plan) {
    set_item_mode("sum");
    write_module(config_.dense_torchscript, kWeights, kPooled);
    config_.plan = write_plan(folder_ / "plan.json", plan);
    return run_training(ranks, config_);
  }

  TrainingRun train_unpooled(std::int64_t ranks, Plan plan) {
    set_item_mode("none");
    write_module(config_.dense_torchscript, kWeights, kUnpooled);
    plan.workload.tables[1].mode = PoolingMode::none;
    config_.plan = write_plan(folder_ / "plan.json", plan);
    return run_training(ranks, config_);
  }

  TestFolder folder_;
  TrainConfig config_;
};

void expect_near(const TrainingRun& found, const TrainingRun& expected) {
  ASSERT_EQ(found.losses.size(), expected.losses.size());
  for (std::size_t i = 0; i < expected.losses.size(); ++i) {
    EXPECT_NEAR(found.losses[i], expected.losses[i], 1e-5 * expected.losses[i]) << i;
  }
  for (const auto& [name, weights] : expected.weights) {
    EXPECT_LE(synthetic::relative_distance(found.weights.at(name), weights), 1e-5) << name;
  }
  EXPECT_NEAR(found.summary.test.auc.value(), expected.summary.test.auc.value(), 1e-4);
}

TEST_F(UnpooledTraining, WithSumsInTheDensePartIsTrainingOfPooledTables) {
  expect_near(train_unpooled(1, whole_tables(1)), train_pooled(1, whole_tables(1)));
  expect_near(train_unpooled(3, mixed_tables(3)), train_pooled(3, mixed_tables(3)));
  expect_near(train_unpooled(4, split_tables(4)), train_pooled(4, split_tables(4)));
}

TEST_F(UnpooledTraining, HasTheSameBitsWhereverTablesLieAndWithOverlap) {
  const TrainingRun whole = train_unpooled(3, whole_tables(3));
  const TrainingRun moved = train_unpooled(3, whole_tables(3, 1));
  EXPECT_EQ(moved.losses, whole.losses);
  EXPECT_EQ(moved.weights, whole.weights);
  config_.overlap = true;
  const TrainingRun overlapped = train_unpooled(3, whole_tables(3));
  EXPECT_EQ(overlapped.losses, whole.losses);
  EXPECT_EQ(overlapped.weights, whole.weights);
}

/// "user" and "tag" beside "item", which has no pooling.
Plan with_unique_rows(Plan plan) {
  plan.unique_rows = {TableId{0}, TableId{2}};
  return plan;
}

TEST_F(UnpooledTraining, BesideUniqueRowsIsTheSameTrainingAlsoClipped) {
  const TrainingRun free = train_unpooled(3, whole_tables(3));
  config_.optimizer_keys.gradient_clip_norm = 0.01;
  const TrainingRun clipped = train_unpooled(3, whole_tables(3));
  EXPECT_NE(clipped.losses, free.losses);
  expect_near(train_unpooled(3, with_unique_rows(whole_tables(3))), clipped);
  expect_near(train_unpooled(4, with_unique_rows(other_split_tables(4))),
              train_unpooled(4, other_split_tables(4)));
  const TrainingRun expected = train_unpooled(3, with_unique_rows(cut_tables(3)));
  config_.overlap = true;
  const TrainingRun overlapped = train_unpooled(3, with_unique_rows(cut_tables(3)));
  EXPECT_EQ(overlapped.losses, expected.losses);
  EXPECT_EQ(overlapped.weights, expected.weights);
}

TEST_F(UnpooledTraining, BesideUniqueRowsGoesOnFromItsCheckpoints) {
  config_.optimizer = OptimizerKind::adagrad;
  config_.checkpoint_every = "never";
  const TrainingRun expected = train_unpooled(3, with_unique_rows(whole_tables(3)));
  config_.checkpoint_every = "signal";
  const auto stop = [&] {
    std::atomic<int> asked = 0;
    TrainSurroundings surroundings;
    surroundings.interrupted = [&] { return asked++ >= 5 * 3; };
    const RunFailure failure = run_failing(3, config_, surroundings);
    EXPECT_THAT(failure.message, HasSubstr("Interrupted after 5 of"));
  };
  config_.output = folder_ / "same";
  stop();
  const TrainingRun same = run_training(3, config_);
  EXPECT_EQ(same.losses, expected.losses);
  EXPECT_EQ(same.weights, expected.weights);
  config_.output = folder_ / "other";
  stop();
  expect_near(train_unpooled(4, split_tables(4)), expected);
}

TEST_F(UnpooledTraining, RefusesADensePartThatTakesNoVectors) {
  set_item_mode("none");
  write_module(config_.dense_torchscript, kWeights, kPooled);
  RunFailure failure = run_failing(2, config_);
  EXPECT_EQ(failure.code, ExitCode::bad_input);
  EXPECT_THAT(failure.message,
              HasSubstr("pooled: Tensor, vectors: List[Tensor], offsets: List[Tensor]) -> Tensor"));
  EXPECT_THAT(failure.message, HasSubstr("vectors [ids, dim] of dims 12, 12"));
  config_.dense_torchscript.clear();
  failure = run_failing(2, config_);
  EXPECT_EQ(failure.code, ExitCode::bad_input);
  EXPECT_THAT(failure.message, HasSubstr("Table item has no pooling (mode none)"));
}

// logit = sum of the bag's vectors · w; w = 0.3·(sin 0, sin 1).
TEST(UnpooledModule, GivesEachVectorItsGradientAndOthersZero) {
  const TestFolder folder;
  write_module(folder / "m.pt", {{"w", 2, 1}}, R"(
def forward(self, dense: Tensor, pooled: Tensor, vectors: List[Tensor], offsets: List[Tensor]) -> Tensor:
    bags = torch.repeat_interleave(torch.arange(dense.size(0)), offsets[0][1:] - offsets[0][:-1])
    terms = torch.matmul(vectors[0], self.w).squeeze(1)
    return torch.zeros([dense.size(0)]).index_add(0, bags, terms)
)");
  DlrmConfig config;
  config.num_dense = 1;
  config.torchscript = folder / "m.pt";
  config.module_columns = 1;
  config.vector_dims = {2, 4};
  DenseModel model(config, {OptimizerKind::sgd}, 1);
  const std::vector<float> x = {1, 2, 3};
  const std::vector<float> used = {0, 1, 0, 2, 0, -4};
  const std::vector<float> unused = {1, 2, 3, 4};
  const std::vector<JaggedVectors> vectors = {{2, {0, 2, 2, 3}, used}, {4, {0, 0, 0, 1}, unused}};
  std::vector<float> pooled_gradient(3, 9.0F);
  std::vector<float> gradient(10, 9.0F);

  model.forward_backward(x, x, std::vector{1.0F, 1.0F, 0.0F}, 3, pooled_gradient, vectors,
                         gradient);

  const double w = 0.3 * std::sin(1.0);
  const auto slope = [&](double sum, double label) {
    return (1 / (1 + std::exp(-w * sum)) - label) / 3;
  };
  EXPECT_THAT(pooled_gradient, Each(0.0F));
  const std::vector<double> expected = {
      0, slope(3, 1) * w, 0, slope(3, 1) * w, 0, slope(-4, 0) * w, 0, 0, 0, 0};
  EXPECT_THAT(gradient, Pointwise(testing::DoubleNear(1e-7), expected));
  std::vector<float> probability(3);
  model.predict(x, x, probability, vectors);
  EXPECT_EQ(probability[1], 0.5F) << "an empty bag";
  EXPECT_NEAR(probability[2], 1 / (1 + std::exp(4 * w)), 1e-6);
}

}  // namespace
}  // namespace shardwright
