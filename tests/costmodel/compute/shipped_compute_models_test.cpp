// What shipped compute models say of more work, beyond what they were trained on too: no less than
// of a part of it, by more than the error that they state. Where they do not keep to that, how
// often and how far is written here, so that it becomes no worse.
#include "costmodel/compute/shipped_compute_models.hpp"

#include "costmodel/cost_model.hpp"
#include "costmodel/rank_pricer.hpp"
#include "costmodel/sum_of_shards.hpp"
#include "runtime/profile/table_sets.hpp"
#include "tests/costmodel/sample_plans.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace shardwright {
namespace {

constexpr double kUsualSkew = 1.05;  // which tables without a histogram are taken to have

// What sets `shardwright profile compute` measured for such models (docs/timings.md).
TableSetRanges trained_ranges(const std::string& device) {
  TableSetRanges ranges;
  const bool on_cpus = device == "cpu";
  ranges.most_memory_bytes = on_cpus ? 2e9 : 16e9;
  ranges.most_pass_ms = on_cpus ? 50 : 20;
  ranges.speed = on_cpus ? 1 : 300;
  ranges.cuts = on_cpus;
  if (!on_cpus) ranges.dtypes = {DataType::fp32, DataType::fp16, DataType::bf16};
  return ranges;
}

ComputeTiming drawn(const std::string& device, std::int64_t number, std::int64_t most_tables) {
  constexpr std::uint64_t kSeed = 2026;
  TableSetRanges ranges = trained_ranges(device);
  ranges.most_tables = most_tables;
  const TableSet set = draw_table_set(ranges, kSeed, number, 1);
  ComputeTiming timing;
  timing.optimizer = set.optimizer;
  timing.dtype = set.dtype;
  timing.busy_ranks = 1 + number % 2;
  timing.batch_size = set.variants.front().batch_size;
  timing.tables = set.variants.front().tables;
  return timing;
}

Workload workload_for_plans(const ComputeTiming& set) {
  Workload workload = workload_of(set);
  for (std::size_t i = 0; i < set.tables.size(); ++i) {
    if (set.tables[i].skew == kUsualSkew) workload.tables[i].reuse.reset();
  }
  return workload;
}

Shard shard_of(const ComputeTiming& set, std::size_t i) {
  const MeasuredTable& table = set.tables[i];
  const bool whole = table.dim == table.whole_dim();
  return {.table = TableId::of(i),
          .type = whole ? ShardingType::table_wise : ShardingType::column_wise,
          .row_begin = 0,
          .row_end = table.rows,
          .col_begin = 0,
          .col_end = table.dim,
          .rank = RankId{0}};
}

// Look-ups of a row of the table that has most.
double ids_per_row(const ComputeTiming& set) {
  double most = 0;
  for (const MeasuredTable& table : set.tables) {
    const double ids = table.pooling * static_cast<double>(set.batch_size);
    most = std::max(most, ids / static_cast<double>(table.rows));
  }
  return most;
}

constexpr double kAny = std::numeric_limits<double>::infinity();

struct Price {
  double ms = 0;           ///< forward and backward
  double ids_per_row = 0;  ///< of what is priced
};

struct Expected {
  double ids_per_row;  ///< with less than that, and
  double least_ms;     ///< from that price on, no price falls by more than the error;
  double falling;      ///< elsewhere such a share of the sets has one that does,
  double deepest;      ///< by that factor at most
};

class ShippedComputeModel : public ::testing::TestWithParam<std::string> {
 protected:
  bool on_cpus() const { return model_.device == "cpu"; }

  // Of a rank that is given one table after the other, as a search asks.
  std::vector<Price> after_each_table(const ComputeTiming& set) const {
    const Workload workload = workload_for_plans(set);
    const Topology topology =
        testing::sample_topology(1, set.busy_ranks, on_cpus() ? "cpu-16GiB" : model_.device);
    const auto pricer = cost_model_->rank_pricer(workload, topology);
    SumOfShards sum(*pricer, topology);
    std::vector<Price> prices;
    for (std::size_t i = 0; i < set.tables.size(); ++i) {
      sum.add(std::vector{shard_of(set, i)});
      const PhaseTimes times = sum.price(RankId{0});
      EXPECT_GT(times.compute_forward_ms, 0) << compute_timing_line(set);
      EXPECT_GT(times.compute_backward_ms, 0) << compute_timing_line(set);
      prices.push_back({times.compute_forward_ms + times.compute_backward_ms});
      EXPECT_TRUE(std::isfinite(prices.back().ms)) << compute_timing_line(set);
    }
    return prices;
  }

  // `prices` are of more and more work.
  void add_set(const std::vector<Price>& prices, const ComputeTiming& set,
               const Expected& expected) {
    const double error = 1 + model_.error.geometric_mean_error;
    Price most;
    double deepest = 1;
    for (const Price& now : prices) {
      const double fall = most.ms / now.ms;
      most.ids_per_row = std::max(most.ids_per_row, now.ids_per_row);
      if (most.ms >= expected.least_ms && most.ids_per_row < expected.ids_per_row) {
        EXPECT_LE(fall, error) << compute_timing_line(set);
      }
      deepest = std::max(deepest, fall);
      most.ms = std::max(most.ms, now.ms);
    }
    ++sets_;
    if (deepest > error) ++falling_;
    EXPECT_LE(deepest, expected.deepest) << compute_timing_line(set);
  }

  void expect_no_more_falls(const Expected& expected) const {
    EXPECT_LE(falling_, expected.falling * sets_);
  }

  void expect_rise_with(const std::function<void(ComputeTiming&, std::int64_t)>& grow,
                        const Expected& expected) {
    constexpr std::int64_t kSets = 100;
    constexpr std::int64_t kMostTables = 60;  // twice those trained on
    constexpr std::int64_t kMostTimes = 64;
    for (std::int64_t number = 0; number < kSets; ++number) {
      const ComputeTiming set = drawn(model_.device, number, kMostTables);
      std::vector<Price> prices;
      for (std::int64_t k = 1; k <= kMostTimes; k *= 2) {
        ComputeTiming more = set;
        grow(more, k);
        prices.push_back({after_each_table(more).back().ms, ids_per_row(more)});
      }
      add_set(prices, set, expected);
    }
    expect_no_more_falls(expected);
  }

  ComputeModel model_ = load_shipped_compute_model(GetParam());
  std::unique_ptr<CostModel> cost_model_ = make_cost_model(GetParam());
  int sets_ = 0;
  int falling_ = 0;
};

// Of 2,100 sets, prices of 6 fall on CPUs and of 788 on the H200.
TEST_P(ShippedComputeModel, PricesMoreRowsHigher) {
  expect_rise_with(
      [](ComputeTiming& set, std::int64_t k) {
        for (MeasuredTable& table : set.tables) table.rows *= k;
      },
      on_cpus() ? Expected{100, 1, 0.01, 1.4} : Expected{0, 0, 0.45, 2.5});
}

// 23 and 32 sets. That of CPUs was fitted to few tables whose rows are looked up thousands of
// times.
TEST_P(ShippedComputeModel, PricesLargerBatchesHigher) {
  expect_rise_with([](ComputeTiming& set, std::int64_t k) { set.batch_size *= k; },
                   on_cpus() ? Expected{4000, 0, 0.02, 4} : Expected{0, 0, 0.02, 2.2});
}

// 52 and 29 sets.
TEST_P(ShippedComputeModel, PricesMorePoolingHigher) {
  expect_rise_with(
      [](ComputeTiming& set, std::int64_t k) {
        for (MeasuredTable& table : set.tables) table.pooling *= static_cast<double>(k);
      },
      on_cpus() ? Expected{4000, 1, 0.03, 7} : Expected{0, 0, 0.02, 2.6});
}

// Up to six times as many as they were trained on. 11 and 41 sets: on CPUs where so many tables of
// few look-ups come together that their values are written past the caches.
TEST_P(ShippedComputeModel, PricesMoreTablesHigher) {
  constexpr std::size_t kTables = 200;
  constexpr std::int64_t kMostTables = 30;
  constexpr std::int64_t kApart = 50;
  const Expected expected =
      on_cpus() ? Expected{kAny, 1, 0.01, 1.3} : Expected{kAny, 0.3, 0.02, 1.5};
  for (std::int64_t number = 0; number < 100 * kApart; number += kApart) {
    ComputeTiming set = drawn(model_.device, number, kMostTables);
    for (std::int64_t next = number + 1; set.tables.size() < kTables; ++next) {
      const ComputeTiming more = drawn(model_.device, next, kMostTables);
      set.tables.insert(set.tables.end(), more.tables.begin(), more.tables.end());
    }
    set.tables.resize(kTables);
    add_set(after_each_table(set), set, expected);
  }
  expect_no_more_falls(expected);
}

INSTANTIATE_TEST_SUITE_P(All, ShippedComputeModel,
                         ::testing::ValuesIn(shipped_compute_model_names()), [](const auto& name) {
                           std::string word = name.param;
                           std::replace(word.begin(), word.end(), '-', '_');
                           return word;
                         });

}  // namespace
}  // namespace shardwright
