#include "runtime/device/cuda.hpp"
#include "tests/runtime/trainer/training_run.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace shardwright {
namespace {

void expect_close(const std::vector<float>& found, const std::vector<float>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  double difference = 0;
  double norm = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    difference += std::pow(static_cast<double>(found[i]) - static_cast<double>(expected[i]), 2);
    norm += std::pow(static_cast<double>(expected[i]), 2);
  }
  EXPECT_LE(std::sqrt(difference), 1e-5 * std::sqrt(norm));
}

TEST(TrainingOnAGpu, EqualsThatOnTheCpu) {
  if (report_cuda().devices == 0) GTEST_SKIP() << "skipped: no CUDA device";
  const TestFolder folder;
  write_test_data(folder / "data");
  TrainConfig config = test_config(folder / "data", folder / "cpu");
  config.max_steps = 50;
  config.epochs = 4;
  const TrainingRun expected = run_training(1, config);
  config.output = folder / "cuda";
  config.backend.backend = Backend::cuda;
  const TrainingRun found = run_training(1, config);
  ASSERT_EQ(found.losses.size(), expected.losses.size());
  for (std::size_t i = 0; i < found.losses.size(); ++i) {
    EXPECT_NEAR(found.losses[i], expected.losses[i], 1e-5 * expected.losses[i]) << "step " << i;
  }
  for (const auto& [name, weights] : expected.weights) {
    SCOPED_TRACE(name);
    expect_close(found.weights.at(name), weights);
  }
  EXPECT_NEAR(found.summary.test.auc.value(), expected.summary.test.auc.value(), 1e-4);
  ASSERT_EQ(found.summary.device_memory.size(), 1);
  EXPECT_GT(found.summary.device_memory.front().peak_bytes, 0);
}

}  // namespace
}  // namespace shardwright
