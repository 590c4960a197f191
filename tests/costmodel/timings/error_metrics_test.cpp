#include "costmodel/timings/error_metrics.hpp"

#include "costmodel/timings/error_slices.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace shardwright {
namespace {

TEST(ErrorMetrics, OfAKnownPairAreThoseByHand) {
  const std::vector<double> predicted = {1.05, 2, 2};
  const std::vector<double> measured = {1, 2, 4};

  const ErrorSummary summary = summarize_errors(predicted, measured);

  EXPECT_NEAR(summary.geometric_mean_error, std::exp((std::log(1.05) + std::log(2)) / 3) - 1,
              1e-12);
  EXPECT_NEAR(summary.mean_signed_error, (0.05 - 0.5) / 3, 1e-12);
  EXPECT_NEAR(summary.p95_relative_error, 0.5, 1e-12);
  EXPECT_NEAR(summary.share_within_10_percent, 2.0 / 3, 1e-12);
}

TEST(KendallTau, IsOneForTheSameOrderAndMinusOneForTheReverse) {
  const std::vector<double> up = {1, 2, 3, 4};
  const std::vector<double> down = {4, 3, 2, 1};
  EXPECT_EQ(kendall_tau(up, up), 1);
  EXPECT_EQ(kendall_tau(up, down), -1);
  EXPECT_EQ(kendall_tau(up, std::vector<double>{1, 1, 1, 1}), 0);
}

// Tau-b pair by pair.
double slow_tau(const std::vector<double>& x, const std::vector<double>& y) {
  double agree = 0;
  double pairs_x = 0;
  double pairs_y = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const double dx = x[i] == x[j] ? 0 : std::copysign(1, x[i] - x[j]);
      const double dy = y[i] == y[j] ? 0 : std::copysign(1, y[i] - y[j]);
      agree += dx * dy;
      pairs_x += dx * dx;
      pairs_y += dy * dy;
    }
  }
  return pairs_x * pairs_y > 0 ? agree / std::sqrt(pairs_x * pairs_y) : 0;
}

RC_GTEST_PROP(KendallTau, EqualsThePairwiseSumWithTies, ()) {
  const auto length = *rc::gen::inRange<std::size_t>(2, 60);
  const auto values = rc::gen::container<std::vector<int>>(length, rc::gen::inRange(0, 12));
  const std::vector<int> a = *values;
  const std::vector<int> b = *values;
  const std::vector<double> x(a.begin(), a.end());
  const std::vector<double> y(b.begin(), b.end());

  RC_ASSERT(std::abs(kendall_tau(x, y) - slow_tau(x, y)) < 1e-9);
}

TEST(ErrorSlices, KeepTheProtocolSwitchApartAndShowRepeatScatter) {
  constexpr double kMegabyte = 1024 * 1024;
  const CommSetting setting = {"h", "", "l"};
  const auto row = [&](double bytes, double time, std::int64_t repeat) {
    return CommTiming{setting, {CollectiveKind::all_reduce, 2, 1, bytes, 2}, time, repeat};
  };
  const std::vector<CommTiming> rows = {row(1024, 1, 1), row(1024, 4, 2), row(8 * kMegabyte, 10, 1),
                                        row(64 * kMegabyte, 100, 1)};
  const std::vector<double> predicted = {2, 2, 20, 100};

  const std::vector<ErrorSlice> slices = slice_errors(rows, predicted);

  ASSERT_GE(slices.size(), 4U);
  EXPECT_EQ(slices[1].name, "below 1 MB");
  EXPECT_NEAR(slices[1].errors.geometric_mean_error, 1, 1e-12);
  EXPECT_NEAR(slices[1].repeat_scatter.value_or(0), 1, 1e-12);  // 1 and 4 around 2
  EXPECT_NEAR(slices[2].errors.geometric_mean_error, 0, 1e-12);
  EXPECT_FALSE(slices[2].repeat_scatter.has_value());
  EXPECT_EQ(slices[3].name, "4 to 16 MB");
  EXPECT_NEAR(slices[3].errors.geometric_mean_error, 1, 1e-12);
}

TEST(ErrorSlices, TellNodesApartWhereSomeCallsHaveSeveral) {
  const auto slices_by_nodes = [](std::int64_t nodes) {
    std::vector<CommTiming> rows(
        3, {{"h", "", "l"}, {CollectiveKind::all_reduce, 8, 1, 1024, 2}, 1, 1});
    rows[2].call.nodes = nodes;
    std::vector<std::string> names;
    for (const ErrorSlice& slice : slice_errors(rows, std::vector<double>{1, 1, 2})) {
      if (slice.by == "nodes") names.push_back(slice.name);
    }
    return names;
  };
  EXPECT_EQ(slices_by_nodes(2), (std::vector<std::string>{"1", "2"}));
  EXPECT_TRUE(slices_by_nodes(1).empty());
}

}  // namespace
}  // namespace shardwright
