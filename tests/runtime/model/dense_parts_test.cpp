// forward_backward() in its three parts.

#include "costmodel/errors.hpp"
#include "planner/dense_memory.hpp"
#include "tests/runtime/model/small_dense_model.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <span>
#include <string>
#include <vector>

namespace shardwright {
namespace {

TEST(DenseParts, DoTheLayersOfTheBottomMlpOneByOne) {
  for (const DlrmConfig& config : {small_model(), small_dcnv2()}) {
    const Samples samples(config, 6, 3);
    DenseModel whole(config, {OptimizerKind::sgd}, 1);
    std::vector<float> expected(samples.pooled.size());
    const double loss =
        whole.forward_backward(samples.dense, samples.pooled, samples.labels, 6, expected);

    DenseModel model(config, {OptimizerKind::sgd}, 1);
    std::string order;
    std::vector<float> gradient(samples.pooled.size());
    model.start(samples.dense, 6, [&] { order += 'f'; });
    EXPECT_EQ(model.find_gradients(samples.pooled, samples.labels, 6, gradient, {}, {}), loss);
    EXPECT_EQ(gradient, expected) << "before the bottom MLP's";
    model.finish([&] { order += 'b'; });
    EXPECT_EQ(order, "ffbb");
    EXPECT_TRUE(std::equal(model.gradients().begin(), model.gradients().end(),
                           whole.gradients().begin(), whole.gradients().end()));
  }
}

/// What a model makes of some of the samples.
struct PartOfBatch {
  PartOfBatch(const DlrmConfig& config, const Samples& samples, std::size_t begin,
              std::size_t count)
      : model(config, {OptimizerKind::sgd}, 1),
        pooled_gradient(count * static_cast<std::size_t>(config.pooled_columns())),
        probabilities(count) {
    const auto dense = part_of(samples.dense, begin * 2, count * 2);
    const auto pooled = part_of(samples.pooled, begin * 12, count * 12);
    loss = model.forward_backward(dense, pooled, part_of(samples.labels, begin, count), 1,
                                  pooled_gradient);
    model.predict(dense, pooled, probabilities);
  }
  static std::span<const float> part_of(const std::vector<float>& values, std::size_t begin,
                                        std::size_t count) {
    return std::span(values).subspan(begin, count);
  }
  DenseModel model;
  std::vector<float> pooled_gradient;
  std::vector<float> probabilities;
  double loss = 0;
};

void expect_near(std::span<const float> values, std::span<const float> expected, double scale) {
  ASSERT_EQ(values.size(), expected.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    ASSERT_NEAR(values[i], expected[i], 1e-6 * scale) << "value " << i;
  }
}

TEST(DenseParts, OfMoreSamplesThanAreTakenAtOnceAddUp) {
  constexpr auto kFirst = static_cast<std::size_t>(kDenseSamplesAtOnce);
  for (const DlrmConfig& config : {small_model(), small_dcnv2()}) {
    const Samples samples(config, kFirst + 3, 3);
    PartOfBatch whole(config, samples, 0, kFirst + 3);
    PartOfBatch first(config, samples, 0, kFirst);
    PartOfBatch last(config, samples, kFirst, 3);

    EXPECT_NEAR(whole.loss, first.loss + last.loss, 1e-9 * whole.loss);
    const auto joined = [](std::vector<float> a, const std::vector<float>& b) {
      a.insert(a.end(), b.begin(), b.end());
      return a;
    };
    expect_near(whole.probabilities, joined(first.probabilities, last.probabilities), 1);
    expect_near(whole.pooled_gradient, joined(first.pooled_gradient, last.pooled_gradient), 1);
    std::vector<float> sum(first.model.gradients().begin(), first.model.gradients().end());
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += last.model.gradients()[i];
    expect_near(whole.model.gradients(), sum, kFirst);
  }
}

TEST(DenseParts, OfNoSamplesHaveNoGradients) {
  DenseModel model(small_model(), {OptimizerKind::sgd}, 1);
  const Samples samples(small_model(), 6, 3);
  std::vector<float> gradient(samples.pooled.size());
  model.forward_backward(samples.dense, samples.pooled, samples.labels, 6, gradient);
  std::vector<float> probabilities(6);
  model.predict(samples.dense, samples.pooled, probabilities);
  const auto never = [] { ADD_FAILURE() << "no layer is passed"; };
  model.start({}, 0, never);
  EXPECT_EQ(model.find_gradients({}, {}, 6, {}, {}, {}), 0);
  model.finish(never);
  EXPECT_EQ(std::count(model.gradients().begin(), model.gradients().end(), 0.0F),
            std::ssize(model.gradients()));
}

TEST(DenseParts, ThrowWhatWasThrownBetweenLayers) {
  DenseModel model(small_model(), {OptimizerKind::sgd}, 1);
  const Samples samples(small_model(), 6, 3);
  const auto fails = [] { throw EnvironmentError("a lost rank"); };
  EXPECT_THROW(model.start(samples.dense, 6, fails), EnvironmentError);
}

}  // namespace
}  // namespace shardwright
