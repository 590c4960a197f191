#include "runtime/embedding/lookup.hpp"
#include "runtime/embedding/optimizer.hpp"
#include "runtime/embedding/row_groups.hpp"
#include "runtime/embedding/shard_update.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <vector>

namespace shardwright {
namespace {

using Floats = std::vector<float>;

BagsView view(const Bags& bags) { return {bags.lengths, bags.ids, bags.weights}; }

Floats three_rows() { return {1, 2, 3, 4, 10, 20, 30, 40, 100, 200, 300, 400}; }

Floats pooled(const Bags& bags, PoolingMode mode) {
  Floats out(bags.lengths.size() * 4, -1.0F);
  pool_bags(view(bags), mode, three_rows(), 4, out.data(), 4);
  return out;
}

TEST(PoolBags, SumsTheRowsOfEachBag) {
  EXPECT_EQ(pooled({.lengths = {2, 0, 3}, .ids = {0, 2, 1, 1, 0}, .weights = {}}, PoolingMode::sum),
            (Floats{101, 202, 303, 404, 0, 0, 0, 0, 21, 42, 63, 84}));
}

TEST(PoolBags, DividesTheMeanByTheLength) {
  EXPECT_EQ(pooled({.lengths = {2, 0, 1}, .ids = {0, 1, 2}, .weights = {}}, PoolingMode::mean),
            (Floats{5.5, 11, 16.5, 22, 0, 0, 0, 0, 100, 200, 300, 400}));
}

TEST(PoolBags, MultipliesByThePerSampleWeightAndDividesByTheLengthNotByTheWeights) {
  const Bags bags{.lengths = {2, 1}, .ids = {0, 1, 2}, .weights = {0.5F, 2, -1}};
  EXPECT_EQ(pooled(bags, PoolingMode::sum), (Floats{20.5, 41, 61.5, 82, -100, -200, -300, -400}));
  EXPECT_EQ(pooled(bags, PoolingMode::mean),
            (Floats{10.25, 20.5, 30.75, 41, -100, -200, -300, -400}));
}

TEST(PoolBags, WritesOnlyItsColumns) {
  Floats out(12, -1.0F);
  pool_bags(view({.lengths = {1, 1}, .ids = {0, 1}, .weights = {}}), PoolingMode::sum, three_rows(),
            4, out.data() + 2, 6);
  EXPECT_EQ(out, (Floats{-1, -1, 1, 2, 3, 4, -1, -1, 10, 20, 30, 40}));
}

/// Two ranks with two features of one table; sample 0 on the first rank, 1 and 2 on the second.
struct TwoSources {
  Bags a0{.lengths = {2}, .ids = {5, 1}, .weights = {}};
  Bags a1{.lengths = {1}, .ids = {5}, .weights = {}};
  Bags b0{.lengths = {0, 1}, .ids = {5}, .weights = {}};
  Bags b1{.lengths = {4, 0}, .ids = {1, 1, 1, 5}, .weights = {}};
  std::vector<InputSource> sources = {
      {.row_begin = 0, .samples = 1, .features = {view(a0), view(a1)}},
      {.row_begin = 1, .samples = 2, .features = {view(b0), view(b1)}}};
};

TEST(RowGroups, OrderOccurrencesBySampleThenFeatureThenPosition) {
  const TwoSources input;
  RowGroups groups;
  groups.build(input.sources, 0, 2, PoolingMode::mean, 6);
  ASSERT_EQ(groups.size(), 2U);
  const auto told = [&](std::size_t g) {
    std::vector<std::array<double, 4>> result;
    for (const Occurrence& o : groups[g]) {
      result.push_back({static_cast<double>(groups.row(g)), static_cast<double>(o.sample),
                        static_cast<double>(o.feature), static_cast<double>(o.coefficient)});
    }
    return result;
  };
  using Told = std::vector<std::array<double, 4>>;
  EXPECT_EQ(told(0), (Told{{1, 0, 0, 0.5}, {1, 1, 1, 0.25}, {1, 1, 1, 0.25}, {1, 1, 1, 0.25}}));
  EXPECT_EQ(told(1), (Told{{5, 0, 0, 0.5}, {5, 0, 1, 1}, {5, 1, 1, 0.25}, {5, 2, 0, 1}}));
}

TEST(RowGroups, AreEmptyWithoutIdsAndForgetTheLastBatch) {
  const TwoSources input;
  RowGroups groups;
  EXPECT_EQ(groups.size(), 0U);
  groups.build(input.sources, 0, 2, PoolingMode::sum, 6);
  groups.build({}, 0, 2, PoolingMode::sum, 6);
  EXPECT_EQ(groups.size(), 0U);
}

RC_GTEST_PROP(RowGroups, GroupAsAMapWould, ()) {
  const auto rows = *rc::gen::elementOf(
      std::vector<std::int64_t>{1, 2, 2048, 2049, 5'000'000, std::int64_t{1} << 40});
  const auto ids = *rc::gen::container<std::vector<std::int64_t>>(
      rc::gen::map(rc::gen::inRange<std::int64_t>(0, std::int64_t{1} << 41),
                   [rows](std::int64_t id) { return id % rows; }));
  const std::vector<std::int32_t> lengths(ids.size(), 1);
  const std::vector<InputSource> sources = {
      {.row_begin = 0,
       .samples = static_cast<std::int64_t>(ids.size()),
       .features = {BagsView{.lengths = lengths, .ids = ids, .weights = {}}}}};
  std::map<std::int64_t, std::vector<std::int64_t>> expected;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    expected[ids[i]].push_back(static_cast<std::int64_t>(i));
  }
  RowGroups groups;
  groups.build(sources, 0, 1, PoolingMode::sum, rows);
  std::map<std::int64_t, std::vector<std::int64_t>> found;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    for (const Occurrence& o : groups[g]) found[groups.row(g)].push_back(o.sample);
  }
  RC_ASSERT(groups.size() == expected.size());
  RC_ASSERT(found == expected);
}

TEST(SumGradients, AddsEachOccurrencesColumnsOfItsFeature) {
  // Matrix of 3 samples with 10 columns; the shard's two features have columns 1–4 and 5–8.
  Floats matrix;
  for (int i = 0; i < 30; ++i) matrix.push_back(static_cast<float>(i));
  const std::vector<Occurrence> group = {{.sample = 0, .feature = 1, .coefficient = 2},
                                         {.sample = 2, .feature = 0, .coefficient = 0.5F}};
  Floats gradient(4, 99.0F);
  sum_gradients(group, {.data = matrix.data(), .stride = 10, .column = 1, .width = 4}, gradient);
  EXPECT_EQ(gradient, (Floats{2 * 5 + 10.5F, 2 * 6 + 11, 2 * 7 + 11.5F, 2 * 8 + 12}));
}

TEST(Sgd, StepsAgainstTheGradient) {
  Floats w = {1, 2, 3, 4};
  update_sgd(w, Floats{1, -1, 0, 2}, 0.5F);
  EXPECT_EQ(w, (Floats{0.5, 2.5, 3, 3}));
}

TEST(Adagrad, DividesEachColumnByTheRootOfItsOwnSum) {
  Floats w = {1, 1, 1, 1};
  Floats s = {0, 5, 12, 0};
  update_adagrad(w, s, Floats{3, 2, -2, 0}, 0.5F, 0.0F);
  EXPECT_EQ(s, (Floats{9, 9, 16, 0}));
  EXPECT_EQ(w[0], 0.5F);
  EXPECT_EQ(w[1], 1 - 0.5F * 2 / 3);
  EXPECT_EQ(w[2], 1.25F);
  Floats untouched = {1};
  Floats zero = {0};
  update_adagrad(untouched, zero, Floats{0}, 0.5F, 1e-8F);
  EXPECT_EQ(untouched[0], 1.0F) << "eps keeps 0/0 away";
}

TEST(RowwiseAdagrad, DividesTheRowByTheRootOfItsMeanSquare) {
  Floats w = {1, 1, 1, 1};
  float s = 1;
  update_rowwise_adagrad(w, s, Floats{4, -4, 0, 2}, 64.0, 8, 0.75F, 0.0F);
  EXPECT_EQ(s, 9.0F);  // 1 + 64 / 8: the table has 8 columns, 4 of them here
  EXPECT_EQ(w, (Floats{0, 2, 1, 0.5}));
}

TEST(RowwiseAdagrad, DividesOnce) {
  Floats w = {0};
  float s = 0;
  update_rowwise_adagrad(w, s, Floats{7}, 9.0, 1, 0.1F, 0.0F);
  EXPECT_EQ(w[0], -(0.1F / 3.0F * 7.0F));
  EXPECT_NE(w[0], -(0.1F * 7.0F / 3.0F));
}

/// Worked out by hand: σ = (√(n + g²) − √n) / 0.5; z += g − σ·w; the divisor is (0.5 + √n) / 0.5 +
/// 0.25.
TEST(Ftrl, TakesEachOfItsSettings) {
  const OptimizerSettings settings{.ftrl_beta = 0.5F, .ftrl_l1 = 0.25F, .ftrl_l2 = 0.125F};
  Floats w = {1, -2, 0.25F, 3};
  Floats s = {1, -7.125F, 0, 1, 0, 16, 0, 4};  // z, then n
  update_ftrl(w, s, Floats{3, 3, 4, 0}, settings, 0.5F);
  EXPECT_EQ(s, (Floats{-2, -0.125F, 2, 1, 9, 25, 16, 4}));
  EXPECT_FLOAT_EQ(w[0], (2 - 0.25F) / 7.25F);
  EXPECT_EQ(w[1], 0) << "within l1";
  EXPECT_FLOAT_EQ(w[2], -(2 - 0.25F) / 9.25F);
  EXPECT_FLOAT_EQ(w[3], -(1 - 0.25F) / 5.25F) << "though its gradient is zero";
}

TEST(Ftrl, LeavesAWeightThatHasNothingToDivideBy) {
  Floats w = {2};
  Floats s = {0, 0};
  update_ftrl(w, s, Floats{0}, {}, 0.5F);
  EXPECT_EQ(w, (Floats{2}));
}

TEST(SumOfSquares, AddsFourRunningSums) {
  EXPECT_EQ(sum_of_squares(Floats{1, 2, 3, 4, 5, 6, 7, 8}), 204.0);
  // 2^100 swallows the ones of its own running sum only.
  const float big = 0x1p50F;
  EXPECT_EQ(sum_of_squares(Floats{big, 1, 0, 0, -big, 1, 0, 0}) - 0x1p101, 0.0);
  EXPECT_EQ(sum_of_squares({}), 0.0);
}

}  // namespace
}  // namespace shardwright
