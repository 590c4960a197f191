// A dense part of the user's own, as a TorchScript module.

#include "costmodel/errors.hpp"
#include "runtime/model/dense_model.hpp"
#include "tests/runtime/model/made_module.hpp"
#include "tests/runtime/trainer/training_run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <fstream>
#include <string>
#include <vector>

namespace shardwright {
namespace {

using testing::HasSubstr;

// The test data has 3 dense features and 4 embedding features of 12 columns.
const std::vector<ModuleParameter> kWeights = {{"hidden", 51, 6}, {"out", 6, 1}};
constexpr const char* kForward = R"(
def forward(self, dense: Tensor, pooled: Tensor) -> Tensor:
    x = torch.cat([dense, pooled], 1)
    return torch.matmul(torch.relu(torch.matmul(x, self.hidden)), self.out)
)";

class TorchScript : public testing::Test {
 protected:
  TorchScript() {
    write_test_data(folder_ / "data");
    config_ = test_config(folder_ / "data", folder_ / "out");
    config_.bottom_mlp.clear();
    config_.top_mlp.clear();
    config_.dense_torchscript = folder_ / "module.pt";
  }

  TrainingRun train_on(std::int64_t ranks, const Plan& plan) {
    config_.plan = write_plan(folder_ / "plan.json", plan);
    return run_training(ranks, config_);
  }

  void expect_refused(const std::string& methods, const std::string& sentence) {
    write_module(config_.dense_torchscript, kWeights, methods);
    const RunFailure failure = run_failing(2, config_);
    EXPECT_EQ(failure.code, ExitCode::bad_input);
    EXPECT_THAT(failure.message, HasSubstr(sentence));
  }

  TestFolder folder_;
  TrainConfig config_;
};

// logit = 0.3·(sin 0 · x + sin 1 · e0 + sin 2 · e1), worked out in double.
TEST(TorchScriptModule, GivesLogitsAndGradientsOfItsFormula) {
  const TestFolder folder;
  write_module(folder / "m.pt", {{"w", 3, 1}}, R"(
def forward(self, dense: Tensor, pooled: Tensor) -> Tensor:
    return torch.matmul(torch.cat([dense, pooled], 1), self.w).squeeze(1)
)");
  DlrmConfig config;
  config.num_dense = 1;
  config.torchscript = folder / "m.pt";
  config.module_columns = 2;
  DenseModel model(config, {OptimizerKind::sgd}, 1);
  const std::vector<float> x = {0.5F, -2.0F};
  const std::vector<float> e = {1.0F, 2.0F, -0.25F, 0.75F};
  std::vector<float> pooled_gradient(4);

  const double loss = model.forward_backward(x, e, std::vector{1.0F, 0.0F}, 2, pooled_gradient);

  double expected_loss = 0;
  const double w[] = {0, 0.3 * std::sin(1.0), 0.3 * std::sin(2.0)};
  double w_gradient[3] = {};
  for (std::size_t n = 0; n < 2; ++n) {
    const double input[] = {x[n], e[2 * n], e[2 * n + 1]};
    const double logit = w[0] * input[0] + w[1] * input[1] + w[2] * input[2];
    const double p = 1 / (1 + std::exp(-logit));
    expected_loss -= std::log(n == 0 ? p : 1 - p);
    const double slope = (p - (n == 0 ? 1 : 0)) / 2;
    for (std::size_t i = 0; i < 3; ++i) w_gradient[i] += slope * input[i];
    EXPECT_NEAR(pooled_gradient[2 * n], slope * w[1], 1e-6);
    EXPECT_NEAR(pooled_gradient[2 * n + 1], slope * w[2], 1e-6);
  }
  EXPECT_NEAR(loss, expected_loss, 1e-6);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(model.gradients()[i], w_gradient[i], 1e-6);
}

TEST_F(TorchScript, IsTrainedToTheSameResultOnAnyRanks) {
  write_module(config_.dense_torchscript, kWeights, kForward);
  const TrainingRun one = train_on(1, whole_tables(1));
  const TrainingRun whole = train_on(3, whole_tables(3));
  const TrainingRun moved = train_on(3, whole_tables(3, 1));

  EXPECT_LT(one.losses.back(), one.losses.front());
  EXPECT_NE(one.weights.at("hidden")[1], static_cast<float>(0.3 * std::sin(1.0)));
  EXPECT_EQ(moved.losses, whole.losses);
  EXPECT_EQ(moved.weights, whole.weights);
  ASSERT_EQ(whole.losses.size(), one.losses.size());
  for (std::size_t i = 0; i < one.losses.size(); ++i) {
    EXPECT_NEAR(whole.losses[i], one.losses[i], 1e-5 * one.losses[i]) << i;
  }
  EXPECT_EQ(one.weights.at("hidden").size(), 306U);
  EXPECT_EQ(one.weights.at("out").size(), 6U);
}

TEST_F(TorchScript, GoesOnFromACheckpointToTheSameBits) {
  write_module(config_.dense_torchscript, kWeights, kForward);
  const TrainingRun expected = run_training(2, config_);
  config_.output = folder_ / "stopped";
  config_.checkpoint_every = "signal";
  std::atomic<int> asked = 0;
  TrainSurroundings surroundings;
  surroundings.interrupted = [&] { return asked++ >= 2 * 5; };
  run_failing(2, config_, surroundings);

  const TrainingRun run = run_training(2, config_);

  EXPECT_EQ(run.losses, expected.losses);
  EXPECT_EQ(run.weights, expected.weights);
}

TEST_F(TorchScript, AnotherModuleIsAnotherJob) {
  write_module(config_.dense_torchscript, kWeights, kForward);
  config_.checkpoint_every = "5steps";
  run_training(1, config_);
  write_module(config_.dense_torchscript, kWeights, std::string(kForward) + R"(
def other(self) -> int:
    return 1
)");

  const RunFailure failure = run_failing(1, config_);

  EXPECT_THAT(failure.message, HasSubstr("cannot go on from"));
  EXPECT_THAT(failure.message, HasSubstr("dense_torchscript was"));
}

TEST_F(TorchScript, RefusesWhatItCannotTrain) {
  expect_refused("def forward(self, dense: Tensor) -> Tensor:\n    return dense",
                 "expected forward(self, dense: Tensor, pooled: Tensor) -> Tensor");
  expect_refused("def predict(self, dense: Tensor, pooled: Tensor) -> Tensor:\n    return dense",
                 "has no method forward");
  expect_refused("def forward(self, dense: Tensor, pooled: Tensor) -> Tensor:\n    return pooled",
                 "pooled embeddings [samples, 48]. Of 3 samples it made Float [3, 48]");
  expect_refused(
      "def forward(self, dense: Tensor, pooled: Tensor) -> Tensor:\n"
      "    return torch.matmul(dense, self.hidden)",
      "It failed on 3 samples: ");
  expect_refused(
      "def forward(self, dense: Tensor, pooled: Tensor) -> Tensor:\n"
      "    return torch.rand([dense.size(0)])",
      "other logits of the same input each time");
  expect_refused(
      "def forward(self, dense: Tensor, pooled: Tensor) -> Tensor:\n"
      "    self.count.add_(1)\n"
      "    return pooled.sum(1)",
      "changes its buffer count");
}

TEST_F(TorchScript, RefusesFilesAndSettingsThatDoNotFit) {
  std::ofstream(config_.dense_torchscript) << "no module";
  EXPECT_THAT(run_failing(2, config_).message,
              HasSubstr("module.pt: this is no TorchScript module that LibTorch can load"));
  write_module(config_.dense_torchscript, {}, R"(
def forward(self, dense: Tensor, pooled: Tensor) -> Tensor:
    return pooled.sum(1)
)");
  EXPECT_THAT(run_failing(2, config_).message, HasSubstr("has no parameters to train"));
  config_.top_mlp = {8, 1};
  EXPECT_THAT(run_failing(2, config_).message, HasSubstr("takes the model's place"));
}

}  // namespace
}  // namespace shardwright
