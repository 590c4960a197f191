#include "costmodel/train/stretch.hpp"

#include "costmodel/train/linear_equations.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace shardwright {
namespace {

// All-to-all takes a latency and bytes over a bandwidth, all-reduce twice as long.
double true_us(double latency_us, double bytes_per_us, const CollectiveCall& call) {
  const double factor = call.operation == CollectiveKind::all_reduce ? 2 : 1;
  return factor * (latency_us + call.bytes / bytes_per_us);
}

const CommSetting kKnown = {"known", "", "lib"};

// A model of one machine that is true at its knots.
CommModel model_of(double latency_us, double bytes_per_us) {
  CommModel model;
  for (double bytes = 512; bytes <= 1 << 30; bytes *= 2) model.knots.push_back(bytes);
  CommEffect effect{{EffectKey::operation}, EffectFactor::one, 1, 1, {}};
  for (const CollectiveKind kind : {CollectiveKind::all_to_all, CollectiveKind::all_reduce}) {
    std::vector<double>& curve = effect.curves[std::string(to_string(kind))];
    for (const double bytes : model.knots) {
      curve.push_back(std::log(true_us(latency_us, bytes_per_us, {kind, 4, 1, bytes, 2})));
    }
  }
  model.effects.push_back(effect);
  model.training.settings = {{kKnown, {}}};
  return model;
}

std::vector<CommTiming> timings_of(double latency_us, double bytes_per_us) {
  std::vector<CommTiming> rows;
  for (const CollectiveKind kind : {CollectiveKind::all_to_all, CollectiveKind::all_reduce}) {
    for (const double bytes : {8192.0, 64.0 * 1024 * 1024}) {
      CommTiming row{{"new", "", "lib"}, {kind, 4, 1, bytes, 2}, 0, 1};
      row.time_us = true_us(latency_us, bytes_per_us, row.call);
      rows.push_back(row);
    }
  }
  return rows;
}

TEST(FitStretch, FindsLatencyAndBandwidthFromASmallAndALargeMessage) {
  const CommModel model = model_of(5, 1e5);
  const Stretch stretch = fit_stretch(model, kKnown, timings_of(8, 4e4));
  for (double bytes = 1024; bytes <= 1 << 28; bytes *= 8) {  // most of them not measured
    const CollectiveCall call = {CollectiveKind::all_reduce, 4, 1, bytes, 2};
    EXPECT_NEAR(std::exp(stretched_log_us(model, kKnown, stretch, call)), true_us(8, 4e4, call),
                0.06 * true_us(8, 4e4, call))
        << bytes;
  }
  EXPECT_NEAR(stretch.all.longer, std::log(8.0 / 5), 0.1);
}

TEST(FitStretch, LeavesAMachineThatIsTheSame) {
  const CommModel model = model_of(5, 1e5);
  const Stretch same = fit_stretch(model, kKnown, timings_of(5, 1e5));
  EXPECT_NEAR(same.all.longer, 0, 1e-6);
  EXPECT_NEAR(same.all.larger, 0, 1e-6);
  EXPECT_NEAR(same.loss, 0, 1e-6);
  EXPECT_GT(fit_stretch(model, kKnown, timings_of(20, 1e4)).loss, 1);
}

TEST(FitStretch, KeepsTheEvennessOfACall) {
  CommModel model = model_of(5, 1e5);
  CommEffect uneven{{EffectKey::operation}, EffectFactor::unevenness, 1, 1, {}};
  uneven.curves["all_to_all"] = std::vector<double>(model.knots.size(), 1.0);
  model.effects.push_back(uneven);
  Stretch stretch;
  stretch.all.larger = 1;
  CollectiveCall call = {CollectiveKind::all_to_all, 4, 1, 1 << 20, 2};
  const double even = stretched_log_us(model, kKnown, stretch, call);
  call.mean_bytes = call.bytes / 2;
  EXPECT_NEAR(stretched_log_us(model, kKnown, stretch, call) - even, -1, 1e-9);
}

TEST(FitStretch, LeavesLocalWorkOutOfTheGrowthWithRanks) {
  CommModel model = model_of(5, 1e5);
  model.effects.front().curves["pack_ids"] = model.effects.front().curves.at("all_to_all");
  Stretch stretch;
  stretch.per_doubling.longer = 1;
  const auto log_us = [&](CollectiveKind kind, std::int64_t ranks) {
    return stretched_log_us(model, kKnown, stretch, {kind, ranks, 1, 1 << 20, 4});
  };
  EXPECT_EQ(log_us(CollectiveKind::pack_ids, 16), log_us(CollectiveKind::pack_ids, 2));
  EXPECT_NEAR(log_us(CollectiveKind::all_to_all, 16) - log_us(CollectiveKind::all_to_all, 2), 3,
              1e-9);
}

TEST(SolveEquations, TakesPivots) {
  const std::vector<double> x = solve_equations({{0, 2, 1}, {1, 1, 1}, {4, 0, -2}}, {7, 6, -2});
  EXPECT_NEAR(x[0], 1, 1e-12);
  EXPECT_NEAR(x[1], 2, 1e-12);
  EXPECT_NEAR(x[2], 3, 1e-12);
}

}  // namespace
}  // namespace shardwright
