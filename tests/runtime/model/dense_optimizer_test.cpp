#include "tests/runtime/model/small_dense_model.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace shardwright {
namespace {

TEST(DenseOptimizer, AdagradDividesByTheRootOfSummedSquares) {
  const DlrmConfig config = small_model();
  DenseModel model(config, {OptimizerKind::adagrad}, 1);
  const auto before = model.parameters();
  for (float& g : model.gradients()) g = 3.0F;
  model.apply_gradients(0.25);
  for (float& g : model.gradients()) g = -4.0F;
  model.apply_gradients(0.5);
  const auto after = model.parameters();

  for (std::size_t p = 0; p < before.size(); ++p) {
    for (std::size_t i = 0; i < before[p].values.size(); ++i) {
      EXPECT_NEAR(after[p].values[i] - before[p].values[i], -0.25 + 0.5 * 4.0 / 5.0, 1e-6);
    }
  }
}

/// Weight, gradients and rates of two steps, the second by half its gradient.
struct TwoSteps {
  double before = 0;
  double after = 0;
};

/// Of the first weight of the model, with gradients 3, then −4, of which half is taken.
TwoSteps two_steps(const DenseOptimizer& optimizer) {
  DenseModel model(small_model(), optimizer, 1);
  const double before = model.parameters()[0].values[0];
  for (float& g : model.gradients()) g = 3.0F;
  model.apply_gradients(0.25);
  for (float& g : model.gradients()) g = -4.0F;
  model.apply_gradients(0.5, 0.5F);
  return {before, model.parameters()[0].values[0]};
}

TEST(DenseOptimizer, MomentumFollowsItsFormula) {
  const TwoSteps w =
      two_steps({.kind = OptimizerKind::sgd, .momentum = 0.75, .weight_decay = 0.125});

  const double b1 = 3 + 0.125 * w.before;
  const double w1 = w.before - 0.25 * b1;
  const double b2 = 0.75 * b1 + (-2 + 0.125 * w1);
  EXPECT_NEAR(w.after, w1 - 0.5 * b2, 1e-6);
}

TEST(DenseOptimizer, AdagradTakesItsSettings) {
  const TwoSteps w = two_steps({.eps = 0.5, .initial_accumulator = 7, .weight_decay = 0.125});

  const double g1 = 3 + 0.125 * w.before;
  const double w1 = w.before - 0.25 * g1 / (std::sqrt(7 + g1 * g1) + 0.5);
  const double g2 = -2 + 0.125 * w1;
  EXPECT_NEAR(w.after, w1 - 0.5 * g2 / (std::sqrt(7 + g1 * g1 + g2 * g2) + 0.5), 1e-6);
}

TEST(DenseOptimizer, AdamFollowsItsFormula) {
  const TwoSteps w = two_steps({.kind = OptimizerKind::adam,
                                .beta1 = 0.75,
                                .beta2 = 0.875,
                                .eps = 0.5,
                                .weight_decay = 0.125});

  const double g1 = 3 + 0.125 * w.before;
  const double w1 = w.before - 0.25 * g1 / (std::abs(g1) + 0.5);  // both corrections undo the means
  const double g2 = -2 + 0.125 * w1;
  const double m = 0.75 * 0.25 * g1 + 0.25 * g2;
  const double v = 0.875 * 0.125 * g1 * g1 + 0.125 * g2 * g2;
  const double corrected_m = m / (1 - 0.75 * 0.75);
  const double corrected_v = v / (1 - 0.875 * 0.875);
  EXPECT_NEAR(w.after, w1 - 0.5 * corrected_m / (std::sqrt(corrected_v) + 0.5), 1e-6);
}

TEST(DenseOptimizer, GoesOnFromWhatItSaved) {
  for (const DenseOptimizer& optimizer :
       {DenseOptimizer{.kind = OptimizerKind::adam},
        DenseOptimizer{.kind = OptimizerKind::sgd, .momentum = 0.5}}) {
    DenseModel model(small_model(), optimizer, 1);
    const Samples samples(small_model(), 5, 11);
    const auto step = [&](DenseModel& one) {
      loss_of(one, samples, samples.pooled);
      one.apply_gradients(0.1);
    };
    step(model);
    step(model);
    std::vector<DenseModel::Parameter> saved = model.parameters();
    const auto state = model.optimizer_state();
    saved.insert(saved.end(), state.begin(), state.end());

    DenseModel other(small_model(), optimizer, 2);
    other.restore(2, [&](DenseModel::Parameter& wanted) {
      for (const auto& p : saved) {
        if (p.name == wanted.name) wanted.values = p.values;
      }
    });
    step(model);
    step(other);

    for (std::size_t p = 0; p < model.parameters().size(); ++p) {
      EXPECT_EQ(other.parameters()[p].values, model.parameters()[p].values);
    }
    EXPECT_EQ(state.size(), (optimizer.kind == OptimizerKind::adam ? 2 : 1) * 8U);
    EXPECT_EQ(state[0].name, optimizer.kind == OptimizerKind::adam
                                 ? "bottom.0.weight/m/state"
                                 : "bottom.0.weight/momentum/state");
  }
}

}  // namespace
}  // namespace shardwright
