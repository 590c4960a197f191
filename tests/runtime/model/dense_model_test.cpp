#include "runtime/model/dense_model.hpp"

#include "costmodel/errors.hpp"
#include "tests/runtime/model/small_dense_model.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <span>
#include <vector>

namespace shardwright {
namespace {

using testing::Each;

double dot(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

/// `tolerance` is of the slope, which is taken over two steps of 1e-2.
void expect_pooled_gradient_is_slope(const DlrmConfig& config, double tolerance) {
  DenseModel model(config, {OptimizerKind::sgd}, 1);
  const Samples samples(config, 5, 11);
  std::vector<float> gradient(samples.pooled.size());
  model.forward_backward(samples.dense, samples.pooled, samples.labels, 1, gradient);

  constexpr float kStep = 1e-2F;
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    std::vector<float> moved = samples.pooled;
    moved[i] += kStep;
    const double above = loss_of(model, samples, moved);
    moved[i] = samples.pooled[i] - kStep;
    const double below = loss_of(model, samples, moved);
    EXPECT_NEAR(gradient[i], (above - below) / (2.0 * kStep), tolerance) << "pooled value " << i;
  }
}

TEST(DenseModel, PooledGradientIsTheSlopeOfTheLoss) {
  expect_pooled_gradient_is_slope(small_model(), 2e-3);
}

TEST(DenseModel, DenseGradientPredictsTheLossAfterASmallStep) {
  const DlrmConfig config = small_model();
  DenseModel model(config, {OptimizerKind::sgd}, 1);
  const Samples samples(config, 64, 12);
  const double before = loss_of(model, samples, samples.pooled);
  const double squared = dot(model.gradients(), model.gradients());
  constexpr double kRate = 1e-5;

  model.apply_gradients(kRate);

  const double after = loss_of(model, samples, samples.pooled);
  EXPECT_NEAR((before - after) / (kRate * squared), 1.0, 0.05);
}

TEST(DenseModel, EveryDenseGradientIsTheSlopeOfTheLoss) {
  const DlrmConfig config = small_model();
  const Samples samples(config, 4, 32);  // of these, none turns a ReLU within a step
  DenseModel model(config, {OptimizerKind::sgd}, 1);
  loss_of(model, samples, samples.pooled);
  const std::vector<float> gradient(model.gradients().begin(), model.gradients().end());
  constexpr float kStep = 3e-3F;

  // SGD with rate 1 subtracts whatever stands in gradients(): a way to move a single weight.
  const auto loss_with_moved_weight = [&](std::size_t i, float distance) {
    DenseModel moved(config, {OptimizerKind::sgd}, 1);
    std::fill(moved.gradients().begin(), moved.gradients().end(), 0.0F);
    moved.gradients()[i] = -distance;
    moved.apply_gradients(1.0);
    return loss_of(moved, samples, samples.pooled);
  };
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    const double slope =
        (loss_with_moved_weight(i, kStep) - loss_with_moved_weight(i, -kStep)) / (2.0 * kStep);
    EXPECT_NEAR(gradient[i], slope, 5e-4) << "weight " << i;
  }
}

TEST(DenseModel, GradientsOfPartsAddUpToThoseOfTheWhole) {
  const DlrmConfig config = small_model();
  DenseModel model(config, {OptimizerKind::adagrad}, 3);
  const Samples samples(config, 6, 14);
  std::vector<float> whole_pooled(samples.pooled.size());
  const double whole_loss =
      model.forward_backward(samples.dense, samples.pooled, samples.labels, 6, whole_pooled);
  const std::vector<float> whole(model.gradients().begin(), model.gradients().end());

  double loss = 0;
  std::vector<float> sum(whole.size());
  std::vector<float> pooled_gradient;
  for (const std::size_t begin : {0U, 2U}) {  // samples 0, 1 and samples 2 to 5
    const std::size_t count = begin == 0 ? 2 : 4;
    std::vector<float> part(count * 12);
    loss += model.forward_backward(std::span(samples.dense).subspan(begin * 2, count * 2),
                                   std::span(samples.pooled).subspan(begin * 12, count * 12),
                                   std::span(samples.labels).subspan(begin, count), 6, part);
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += model.gradients()[i];
    pooled_gradient.insert(pooled_gradient.end(), part.begin(), part.end());
  }

  EXPECT_NEAR(loss, whole_loss, 1e-6);
  for (std::size_t i = 0; i < sum.size(); ++i) EXPECT_NEAR(sum[i], whole[i], 1e-6);
  for (std::size_t i = 0; i < pooled_gradient.size(); ++i) {
    EXPECT_NEAR(pooled_gradient[i], whole_pooled[i], 1e-6);
  }
}

TEST(DenseModel, GradientsAreDividedByTheGlobalBatch) {
  const DlrmConfig config = small_model();
  DenseModel model(config, {OptimizerKind::sgd}, 3);
  const Samples samples(config, 4, 15);
  std::vector<float> of_sum(samples.pooled.size());
  std::vector<float> of_mean(samples.pooled.size());

  const double loss =
      model.forward_backward(samples.dense, samples.pooled, samples.labels, 1, of_sum);
  EXPECT_EQ(model.forward_backward(samples.dense, samples.pooled, samples.labels, 8, of_mean),
            loss);
  for (std::size_t i = 0; i < of_sum.size(); ++i) EXPECT_EQ(of_mean[i] * 8.0F, of_sum[i]);
}

TEST(DenseModel, WithoutSamplesTheGradientsAreZero) {
  const DlrmConfig config = small_model();
  DenseModel model(config, {OptimizerKind::sgd}, 1);
  const Samples samples(config, 4, 16);
  loss_of(model, samples, samples.pooled);  // leaves gradients behind

  EXPECT_EQ(model.forward_backward({}, {}, {}, 9, {}), 0.0);

  EXPECT_THAT(model.gradients(), Each(0.0F));
}

TEST(DenseModel, LossIsTheCrossEntropyOfWhatItPredicts) {
  const DlrmConfig config = small_model();
  DenseModel model(config, {OptimizerKind::sgd}, 1);
  const Samples samples(config, 7, 17);
  std::vector<float> probability(7);
  model.predict(samples.dense, samples.pooled, probability);
  double expected = 0;
  for (std::size_t i = 0; i < 7; ++i) {
    expected -= std::log(samples.labels[i] > 0.5F ? probability[i] : 1.0F - probability[i]);
  }

  EXPECT_NEAR(loss_of(model, samples, samples.pooled), expected, 1e-5);
}

// One feature e, one dense value x, widths of 1: logit = a·x0 + b·(e·x0) + c, x0 = relu(w·x + v).
TEST(DenseModel, ComputesTheFormulaOfATinyModel) {
  const DlrmConfig config{.num_dense = 1,
                          .num_features = 1,
                          .embedding_dim = 1,
                          .bottom_mlp = {1},
                          .top_mlp = {1},
                          .torchscript = {}};
  DenseModel model(config, {OptimizerKind::sgd}, 5);
  const auto parameters = model.parameters();
  const float w = parameters[0].values[0];
  const float v = parameters[1].values[0];
  const float a = parameters[2].values[0];
  const float b = parameters[2].values[1];
  const float c = parameters[3].values[0];
  const float x = w > 0 ? 2.0F : -2.0F;  // so that the ReLU passes
  const float e = 0.5F;
  const float x0 = std::max(w * x + v, 0.0F);
  const float logit = a * x0 + b * e * x0 + c;
  std::vector<float> probability(1);

  model.predict(std::vector{x}, std::vector{e}, probability);

  ASSERT_GT(x0, 0.0F);
  EXPECT_NEAR(probability[0], 1.0 / (1.0 + std::exp(-logit)), 1e-6);
}

/// x0 ⊙ (W·(V·x) + b) + x in double; v [rank, n], w [n, rank].
std::vector<double> crossed(const std::vector<double>& x0, const std::vector<double>& x,
                            const std::vector<float>& v, const std::vector<float>& w,
                            const std::vector<float>& b) {
  const std::size_t n = x0.size();
  const std::size_t rank = v.size() / n;
  std::vector<double> low(rank);
  for (std::size_t r = 0; r < rank; ++r) {
    for (std::size_t i = 0; i < n; ++i) low[r] += v[r * n + i] * x[i];
  }
  std::vector<double> result(n);
  for (std::size_t i = 0; i < n; ++i) {
    double sum = b[i];
    for (std::size_t r = 0; r < rank; ++r) sum += w[i * rank + r] * low[r];
    result[i] = x0[i] * sum + x[i];
  }
  return result;
}

// Without dense features, two embeddings of two columns, a top of one layer.
TEST(DenseModel, Dcnv2ComputesItsFormula) {
  const DlrmConfig config{.num_dense = 0,
                          .num_features = 2,
                          .embedding_dim = 2,
                          .bottom_mlp = {},
                          .top_mlp = {1},
                          .cross_layers = 2,
                          .cross_rank = 3,
                          .torchscript = {}};
  DenseModel model(config, {OptimizerKind::sgd}, 2);
  for (float& g : model.gradients()) g = -0.125F;
  model.apply_gradients(1);  // so that no bias is zero
  const auto p = model.parameters();
  ASSERT_EQ(p.size(), 8U);
  std::vector<float> probability(1);

  model.predict({}, std::vector{1.0F, -2.0F, 0.5F, 4.0F}, probability);

  const std::vector<double> x0 = {1, -2, 0.5, 4};
  const auto x1 = crossed(x0, x0, p[0].values, p[1].values, p[2].values);
  const auto x2 = crossed(x0, x1, p[3].values, p[4].values, p[5].values);
  double logit = p[7].values[0];
  for (std::size_t i = 0; i < 4; ++i) logit += p[6].values[i] * x2[i];
  EXPECT_NEAR(probability[0], 1.0 / (1.0 + std::exp(-logit)), 1e-6);
}

TEST(DenseModel, PooledGradientOfADcnv2IsTheSlopeOfTheLoss) {
  expect_pooled_gradient_is_slope(small_dcnv2(), 5e-3);
}

TEST(DenseModel, WithoutDenseFeaturesEmbeddingsInteractAmongThemselves) {
  const DlrmConfig config{.num_dense = 0,
                          .num_features = 2,
                          .embedding_dim = 2,
                          .bottom_mlp = {},
                          .top_mlp = {1},
                          .torchscript = {}};
  DenseModel model(config, {OptimizerKind::sgd}, 2);
  const auto parameters = model.parameters();
  ASSERT_EQ(parameters.size(), 2U);
  std::vector<float> probability(1);

  model.predict({}, std::vector{1.0F, 2.0F, 3.0F, 4.0F}, probability);

  const double logit = parameters[0].values[0] * 11.0 + parameters[1].values[0];
  EXPECT_NEAR(probability[0], 1.0 / (1.0 + std::exp(-logit)), 1e-6);
}

/// Lets this process have `bytes` more of address space than it has.
void limit_memory(std::uint64_t bytes) {
  std::uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  const rlim_t limit = pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)) + bytes;
  const rlimit limits = {limit, limit};
  setrlimit(RLIMIT_AS, &limits);
}

// In a process of its own: 1 GiB of parameters where 256 MiB are left.
TEST(DenseModel, SaysInOneLineThatMemoryIsShort) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers need their address space";
#endif
  const auto build = [] {
    limit_memory(std::uint64_t{256} << 20);
    DlrmConfig config = small_model();
    config.bottom_mlp = {1 << 14, 1 << 14, 4};
    try {
      const DenseModel model(config, {OptimizerKind::sgd}, 1);
    } catch (const EnvironmentError& error) {
      std::fputs(error.what(), stderr);
      std::_Exit(std::strchr(error.what(), '\n') == nullptr ? static_cast<int>(error.code()) : 98);
    } catch (...) {
      std::_Exit(99);
    }
    std::_Exit(0);
  };
  EXPECT_EXIT(build(), testing::ExitedWithCode(static_cast<int>(ExitCode::environment)),
              "There is not enough memory for the dense part of the model");
}

}  // namespace
}  // namespace shardwright
