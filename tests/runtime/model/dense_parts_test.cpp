// forward_backward() in its three parts.

#include "costmodel/errors.hpp"
#include "tests/runtime/model/small_dense_model.hpp"

#include <gtest/gtest.h>

#include <algorithm>
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
