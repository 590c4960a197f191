#include "costmodel/train/neighbours.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace shardwright {
namespace {

const CommSetting kSteep = {"steep", "", "lib"};
const CommSetting kFlat = {"flat", "", "lib"};
const CommSetting kNew = {"new", "", "lib"};

CollectiveCall call_on(std::int64_t ranks) {
  return {CollectiveKind::all_to_all, ranks, 1, 1 << 20, 2};
}

CommEffect& effect_of(CommModel& model, const std::vector<EffectKey>& by, EffectFactor times) {
  return *std::find_if(model.effects.begin(), model.effects.end(), [&](const CommEffect& effect) {
    return effect.by == by && effect.times == times;
  });
}

// Alike on 4 ranks; `steep` takes twice as long on twice the ranks, `flat` as long as on 4.
CommModel two_machines(const Range& ranks_of_flat) {
  CommModel model;
  model.knots = {1 << 10, 1 << 20, 1 << 30};
  model.effects = default_comm_effects();
  effect_of(model, {EffectKey::operation}, EffectFactor::one).curves["all_to_all"] = {1, 3, 9};
  effect_of(model, {EffectKey::fabric, EffectKey::operation}, EffectFactor::log_ranks)
      .curves["steep | all_to_all"] = std::vector<double>(3, std::log(2));
  model.training.operations = {"all_to_all"};
  model.training.ranks = {2, 8};
  model.training.settings = {{kSteep, {2, 8}}, {kFlat, ranks_of_flat}};
  return model;
}

// By how much twice the ranks lengthen a call of the new machine, as a share of what they do on
// `steep`.
double steepness(CommModel model, std::int64_t ranks) {
  CommTiming timing{kNew, call_on(4), 0, 1};
  timing.time_us = predict_us(model, kSteep, timing.call);
  add_neighbours(model, std::vector{timing});
  const double ratio =
      predict_us(model, kNew, call_on(ranks)) / predict_us(model, kNew, call_on(4));
  return std::log2(ratio) / std::log2(static_cast<double>(ranks) / 4);
}

TEST(AddNeighbours, MixesMachinesThatAreEquallyProbable) {
  EXPECT_NEAR(steepness(two_machines({2, 8}), 8), 0.5, 1e-6);
  EXPECT_NEAR(steepness(two_machines({2, 8}), 2), 0.5, 1e-6);
}

TEST(AddNeighbours, HeedsLessAMachineThatWasNotMeasuredOnSoManyRanks) {
  EXPECT_NEAR(steepness(two_machines({2, 4}), 8), 1 / 1.1, 1e-6);
  EXPECT_NEAR(steepness(two_machines({2, 4}), 2), 0.5, 1e-6);
  EXPECT_NEAR(steepness(two_machines({4, 8}), 2), 1 / 1.1, 1e-6);
}

TEST(AddNeighbours, MixesMachinesOfWhichNoneWasMeasuredOnSoManyRanks) {
  CommModel model = two_machines({2, 4});
  for (auto& [setting, ranks] : model.training.settings) ranks = {4, 4};
  EXPECT_NEAR(steepness(model, 8), 0.5, 1e-6);
  for (auto& [setting, ranks] : model.training.settings) ranks = {0, 0};
  EXPECT_NEAR(steepness(model, 8), 0.5, 1e-6);
}

}  // namespace
}  // namespace shardwright
