#include "runtime/model/dense_parameters.hpp"

#include "costmodel/errors.hpp"
#include "planner/dense_memory.hpp"
#include "tests/runtime/model/small_dense_model.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace shardwright {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(DenseParameters, StandInTheOrderAndShapesOfTheContract) {
  std::vector<std::string> names;
  std::vector<std::vector<std::int64_t>> shapes;
  for (const DenseParameterSpec& spec : dense_parameters(small_model())) {
    names.push_back(spec.name);
    shapes.push_back(spec.shape);
  }

  EXPECT_THAT(names,
              ElementsAre("bottom.0.weight", "bottom.0.bias", "bottom.1.weight", "bottom.1.bias",
                          "top.0.weight", "top.0.bias", "top.1.weight", "top.1.bias"));
  // The top MLP's input: 4 of the bottom MLP and 6 dot products of 4 vectors.
  EXPECT_THAT(shapes,
              ElementsAre(ElementsAre(3, 2), ElementsAre(3), ElementsAre(4, 3), ElementsAre(4),
                          ElementsAre(5, 10), ElementsAre(5), ElementsAre(1, 5), ElementsAre(1)));
}

TEST(DenseParameters, OfADcnv2CrossLayersStandBeforeTheTop) {
  std::vector<std::string> names;
  std::vector<std::vector<std::int64_t>> shapes;
  for (const DenseParameterSpec& spec : dense_parameters(small_dcnv2())) {
    if (!spec.name.starts_with("bottom")) names.push_back(spec.name);
    if (spec.name.starts_with("cross.1") || spec.name == "top.0.weight") {
      shapes.push_back(spec.shape);
    }
  }

  EXPECT_THAT(names, ElementsAre("cross.0.v", "cross.0.w", "cross.0.bias", "cross.1.v", "cross.1.w",
                                 "cross.1.bias", "top.0.weight", "top.0.bias", "top.1.weight",
                                 "top.1.bias"));
  EXPECT_THAT(shapes, ElementsAre(ElementsAre(3, 16), ElementsAre(16, 3), ElementsAre(16),
                                  ElementsAre(5, 16)));
}

// Expected values: docs/training_math.md worked out in Python.
TEST(DenseParameters, InitialValuesFollowTheFormula) {
  const auto specs = dense_parameters(small_model());

  const std::vector<float> weights = initial_values(specs[0], 7);
  ASSERT_EQ(weights.size(), 6U);
  EXPECT_FLOAT_EQ(weights[0], 0.9528084664486816F);
  EXPECT_FLOAT_EQ(weights[1], -0.5173064401591205F);
  EXPECT_FLOAT_EQ(weights[2], -1.0648984104303842F);
  EXPECT_FLOAT_EQ(initial_values(specs[7], 7)[0], 0.9946825504302979F);
}

// planner/dense_memory.hpp knows no LibTorch, and so not these.
TEST(DenseParameters, AreAsManyAsPlansReserveMemoryFor) {
  for (const DlrmConfig& config : {small_model(), small_dcnv2()}) {
    std::int64_t count = 0;
    for (const DenseParameterSpec& spec : dense_parameters(config)) count += spec.size();
    EXPECT_EQ(num_dense_parameters({config.num_dense, config.num_features, config.embedding_dim,
                                    config.bottom_mlp, config.top_mlp, config.cross_layers,
                                    config.cross_rank, OptimizerKind::sgd}),
              count);
  }
}

void expect_refused(DlrmConfig config, const std::string& sentence) {
  try {
    dense_parameters(config);
    FAIL() << "accepted; expected: " << sentence;
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr(sentence));
  }
}

TEST(DenseParameters, RefuseWidthsThatDoNotFit) {
  DlrmConfig config = small_model();
  config.bottom_mlp = {3, 5};
  expect_refused(config,
                 "bottom_mlp must end in the embedding dimension, which is 4 here; it ends "
                 "in 5");
  config = small_model();
  config.top_mlp = {};
  expect_refused(config, "top_mlp must end in 1, the logit; it is empty");
  config = small_model();
  config.top_mlp = {0, 1};
  expect_refused(config, "top_mlp[0] is 0");
  expect_refused({.num_dense = 0,
                  .num_features = 1,
                  .embedding_dim = 4,
                  .bottom_mlp = {},
                  .top_mlp = {1},
                  .torchscript = {}},
                 "needs at least two embedding features");
}

TEST(DenseParameters, RefuseMoreThanAnyRankCanHold) {
  DlrmConfig config = small_model();
  config.bottom_mlp = {1 << 20, 1 << 20, 4};
  try {
    dense_parameters(config);
    FAIL() << "accepted 2^40 parameters";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("bottom.1.weight alone has 1099511627776"));
  }
}

}  // namespace
}  // namespace shardwright
