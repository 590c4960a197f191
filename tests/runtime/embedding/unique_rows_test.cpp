// Tables that are exchanged as distinct rows: the same results as with pooled values, up to the
// order in which the ranks' sums of gradients are added.

#include "tests/runtime/embedding/distance.hpp"
#include "tests/runtime/embedding/synthetic_run.hpp"
#include "tests/runtime/embedding/with_unique_rows.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <map>
#include <string>
#include <tuple>
#include <vector>

namespace shardwright::synthetic {
namespace {

constexpr std::array kOptimizers = {
    OptimizerKind::sgd,  OptimizerKind::adagrad,      OptimizerKind::rowwise_adagrad,
    OptimizerKind::adam, OptimizerKind::rowwise_adam, OptimizerKind::ftrl};

/// Run once for each training that the tests ask for.
const Outcome& unsharded(const Training& training) {
  static std::map<std::tuple<OptimizerKind, PoolingMode, bool>, Outcome> known;
  const std::tuple key(training.optimizer, training.mode, training.weighted);
  const auto found = known.find(key);
  if (found != known.end()) return found->second;
  return known[key] = run_on_threads(make_plan(training, Sharding::table_wise, 1, 0));
}

void expect_close(const Outcome& found, const Outcome& expected) {
  EXPECT_LE(relative_distance(found.pooled, expected.pooled), 1e-6);
  for (std::size_t t = 0; t < expected.weights.size(); ++t) {
    EXPECT_LE(relative_distance(found.weights[t], expected.weights[t]), 1e-6);
    EXPECT_LE(relative_distance(found.state[t], expected.state[t]), 1e-6);
  }
}

bool tries_all() { return std::getenv("SHARDWRIGHT_TEST_ALL") != nullptr; }

/// Every optimizer with the sum, and every pooling with two of them, but on 2 or 4 ranks alone; all
/// with SHARDWRIGHT_TEST_ALL=1.
std::vector<Training> trainings(std::int64_t ranks) {
  const bool some = ranks == 2 || ranks == 4;
  std::vector<Training> result;
  for (const OptimizerKind optimizer : kOptimizers) {
    const bool is_like_another =
        optimizer != OptimizerKind::sgd && optimizer != OptimizerKind::rowwise_adagrad;
    for (const PoolingMode mode : {PoolingMode::sum, PoolingMode::mean}) {
      for (const bool weighted : {false, true}) {
        const bool plain = mode == PoolingMode::sum && !weighted;
        if (!plain && (is_like_another || !some) && !tries_all()) continue;
        result.push_back({.optimizer = optimizer, .mode = mode, .weighted = weighted});
      }
    }
  }
  return result;
}

std::string told(const Training& training) {
  return std::string(to_string(training.optimizer)) + ", " + std::string(to_string(training.mode)) +
         (training.weighted ? ", weighted" : "");
}

using Case = std::tuple<std::int64_t, Sharding>;

class UniqueRows : public testing::TestWithParam<Case> {
 protected:
  std::int64_t ranks() const { return std::get<0>(GetParam()); }
  Sharding sharding() const { return std::get<1>(GetParam()); }
};

TEST_P(UniqueRows, GiveTheResultsOfPooledValues) {
  for (const Training& training : trainings(ranks())) {
    SCOPED_TRACE(told(training));
    const Plan plan = with_unique_rows(make_plan(training, sharding(), ranks(), 5));
    expect_close(run_on_threads(plan), unsharded(training));
  }
}

class CutUniqueRows : public UniqueRows {};

/// Rows come whole and are pooled by the rank that has the bag; but for the row statistic of cut
/// columns.
TEST_P(CutUniqueRows, AreTheSameBitsHoweverTablesAreCut) {
  for (const OptimizerKind optimizer : kOptimizers) {
    const Training training{.optimizer = optimizer, .mode = PoolingMode::mean, .weighted = true};
    SCOPED_TRACE(told(training));
    const bool by_columns =
        sharding() != Sharding::row_wise && sharding() != Sharding::table_row_wise;
    if (by_columns && has_row_statistic(training.optimizer)) continue;
    const Plan plan = with_unique_rows(make_plan(training, sharding(), ranks(), 5));
    const Plan whole = with_unique_rows(make_plan(training, Sharding::table_wise, ranks(), 2));
    EXPECT_TRUE(run_on_threads(plan) == run_on_threads(whole)) << "depends on the plan or the run";
  }
}

class OverlappedUniqueRows : public UniqueRows {};

TEST_P(OverlappedUniqueRows, AreTheSameBitsWithThreads) {
  for (const OptimizerKind optimizer : {OptimizerKind::sgd, OptimizerKind::rowwise_adagrad}) {
    const Training training{.optimizer = optimizer, .mode = PoolingMode::mean, .weighted = true};
    const Plan plan = with_unique_rows(make_plan(training, sharding(), ranks(), 1), 0, 2);
    for (const WireFormats wire :
         {WireFormats{}, WireFormats{.pooled = DataType::fp16, .gradients = DataType::bf16}}) {
      const Outcome expected = run_on_threads(plan, {.wire = wire});
      EXPECT_TRUE(run_on_threads(plan, {.overlap = true, .wire = wire}) == expected);
      EXPECT_TRUE(run_on_threads(plan, {.threads = 3, .overlap = true, .wire = wire}) == expected);
    }
  }
}

std::string case_name(const testing::TestParamInfo<Case>& info) {
  const std::map<Sharding, std::string> names = {{Sharding::table_wise, "TableWise"},
                                                 {Sharding::column_wise, "ColumnWise"},
                                                 {Sharding::row_wise, "RowWise"},
                                                 {Sharding::table_row_wise, "TableRowWise"},
                                                 {Sharding::table_column_wise, "TableColumnWise"},
                                                 {Sharding::grid, "Grid"},
                                                 {Sharding::every, "EveryType"}};
  return names.at(std::get<1>(info.param)) + std::to_string(std::get<0>(info.param)) + "Ranks";
}

INSTANTIATE_TEST_SUITE_P(
    Plans, UniqueRows,
    testing::Combine(testing::Values(1, 2, 4, 8),
                     testing::Values(Sharding::table_wise, Sharding::column_wise,
                                     Sharding::row_wise, Sharding::table_row_wise,
                                     Sharding::table_column_wise, Sharding::grid, Sharding::every)),
    case_name);
INSTANTIATE_TEST_SUITE_P(Plans, CutUniqueRows,
                         testing::Combine(testing::Values(4),
                                          testing::Values(Sharding::column_wise, Sharding::row_wise,
                                                          Sharding::table_row_wise,
                                                          Sharding::table_column_wise,
                                                          Sharding::grid)),
                         case_name);
INSTANTIATE_TEST_SUITE_P(Plans, OverlappedUniqueRows,
                         testing::Combine(testing::Values(2, 4),
                                          testing::Values(Sharding::column_wise, Sharding::row_wise,
                                                          Sharding::grid, Sharding::every)),
                         case_name);

TEST(UniqueRowsOnOneRank, AreTheSameBitsAsPooledValues) {
  for (const Training& training : trainings(2)) {
    SCOPED_TRACE(told(training));
    const Plan plan = make_plan(training, Sharding::table_wise, 1, 0);
    EXPECT_TRUE(run_on_threads(with_unique_rows(plan)) == unsharded(training));
  }
}

}  // namespace
}  // namespace shardwright::synthetic
