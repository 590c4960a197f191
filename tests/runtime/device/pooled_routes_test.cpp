#include "runtime/device/pooled_routes.hpp"

#include "tests/runtime/embedding/synthetic_run.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <vector>

namespace shardwright::synthetic {
namespace {

constexpr std::int64_t kQuad = 4;

/// A value of its own for every column of every owner.
float value_of(std::size_t owner, std::int64_t column) {
  return static_cast<float>(1000 * owner) + static_cast<float>(column);
}

/// One sample's pooled row by the layout's runs, as PooledExchange puts it together.
std::vector<float> by_runs(const ExchangeLayout& layout) {
  std::vector<float> row(static_cast<std::size_t>(layout.pooled_columns));
  const auto add = [&](std::size_t owner, const ColumnRun& run) {
    for (std::int64_t c = 0; c < run.width; ++c) {
      row[static_cast<std::size_t>(run.pooled_column + c)] += value_of(owner, run.owner_column + c);
    }
  };
  for (std::size_t r = 0; r < layout.owners.size(); ++r) {
    for (const ColumnRun& run : layout.owners[r].runs) {
      if (!run.is_part) add(r, run);
    }
  }
  for (const auto& [owner, run] : layout.partial_runs) add(owner, run);
  return row;
}

std::vector<float> by_quads(const PooledRoutes& routes) {
  std::vector<float> row;
  for (std::size_t q = 0; q + 1 < routes.first.size(); ++q) {
    for (std::int64_t c = 0; c < kQuad; ++c) {
      float sum = 0;
      for (std::int64_t i = routes.first[q]; i < routes.first[q + 1]; ++i) {
        const QuadRoute& quad = routes.quads[static_cast<std::size_t>(i)];
        EXPECT_EQ(quad.pooled_column, static_cast<std::int64_t>(q) * kQuad);
        sum += value_of(static_cast<std::size_t>(quad.owner), quad.owner_column + c);
      }
      row.push_back(sum);
    }
  }
  return row;
}

TEST(PooledRoutes, BringTheSameColumnsTogetherAsTheRuns) {
  for (const Sharding sharding : {Sharding::table_wise, Sharding::column_wise, Sharding::row_wise,
                                  Sharding::table_row_wise, Sharding::grid}) {
    for (const std::int64_t ranks : {1, 3, 4}) {
      const Plan plan = make_plan({}, sharding, ranks, 5);
      const ExchangeLayout layout = make_layout(plan);
      const PooledRoutes routes = make_routes(layout, plan.workload, RankId{ranks - 1});
      EXPECT_EQ(by_quads(routes), by_runs(layout));
    }
  }
}

TEST(PooledRoutes, GiveEveryOtherOwnerAPlaceOfItsOwn) {
  const Plan plan = make_plan({}, Sharding::grid, 4, 2);
  const ExchangeLayout layout = make_layout(plan);
  const PooledRoutes routes = make_routes(layout, plan.workload, RankId{1});
  std::int64_t next = 0;
  for (std::size_t r = 0; r < layout.owners.size(); ++r) {
    EXPECT_EQ(routes.owner_columns[r], layout.owners[r].columns);
    EXPECT_EQ(routes.columns_before[r], next);
    if (r != 1) next += layout.owners[r].columns;
  }
  EXPECT_EQ(routes.columns_of_others, next);
}

TEST(PooledRoutes, MarkTheMeansOfTablesWithCutRowsAlone) {
  const Plan plan = make_plan({.mode = PoolingMode::mean}, Sharding::row_wise, 4, 1);
  const ExchangeLayout layout = make_layout(plan);
  const PooledRoutes routes = make_routes(layout, plan.workload, RankId{0});
  ASSERT_FALSE(routes.split_means.empty());
  for (const QuadRoute& quad : routes.quads) {
    std::size_t f = 0;
    while (f + 1 < layout.features.size() &&
           layout.features[f + 1].pooled_column <= quad.pooled_column) {
      ++f;
    }
    ASSERT_EQ(quad.mean >= 0, layout.splits_rows(layout.features[f].table));
    if (quad.mean >= 0) {
      EXPECT_EQ(routes.split_means[static_cast<std::size_t>(quad.mean)], f);
    }
  }
  const Plan sums = make_plan({.mode = PoolingMode::sum}, Sharding::row_wise, 4, 1);
  EXPECT_TRUE(make_routes(make_layout(sums), sums.workload, RankId{0}).split_means.empty());
}

}  // namespace
}  // namespace shardwright::synthetic
