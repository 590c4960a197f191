// What shipped compute models say of more work, beyond what they were trained on too: no less than
// of a part of it, by more than the error that they state. Where one does not keep to that, how
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
#include <memory>
#include <string>
#include <vector>

namespace shardwright {
namespace {

constexpr double kUsualSkew = 1.05;  // which tables without a histogram are taken to have

// What sets `shardwright profile compute` measures for such models (docs/timings.md); the H200's
// was fitted to sets of an older law.
TableSetRanges trained_ranges(const std::string& device) {
  TableSetRanges ranges;
  const bool on_cpus = device == "cpu";
  ranges.most_memory_bytes = on_cpus ? 2e9 : 16e9;
  ranges.least_pass_ms = on_cpus ? 1 : 0.05;
  ranges.most_pass_ms = on_cpus ? 150 : 20;
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

struct Falls {
  double share = 0;    ///< of the sets of which a price falls by more than the error
  double deepest = 1;  ///< the factor by which it does, at most
};

class ShippedComputeModel : public ::testing::TestWithParam<std::string> {
 protected:
  bool on_cpus() const { return model_.device == "cpu"; }

  // Of a rank that is given one table after the other, as a search asks.
  std::vector<double> after_each_table(const ComputeTiming& set) const {
    const Workload workload = workload_for_plans(set);
    const Topology topology =
        testing::sample_topology(1, set.busy_ranks, on_cpus() ? "cpu-16GiB" : model_.device);
    const auto pricer = cost_model_->rank_pricer(workload, topology);
    SumOfShards sum(*pricer, topology);
    std::vector<double> prices;
    for (std::size_t i = 0; i < set.tables.size(); ++i) {
      sum.add(std::vector{shard_of(set, i)});
      const PhaseTimes times = sum.price(RankId{0});
      EXPECT_GT(times.compute_forward_ms, 0) << compute_timing_line(set);
      EXPECT_GT(times.compute_backward_ms, 0) << compute_timing_line(set);
      prices.push_back(times.compute_forward_ms + times.compute_backward_ms);
      EXPECT_TRUE(std::isfinite(prices.back())) << compute_timing_line(set);
    }
    return prices;
  }

  // `prices` are of more and more work.
  void add_set(const std::vector<double>& prices, const ComputeTiming& set, const Falls& known) {
    const double error = 1 + model_.error.geometric_mean_error;
    double most = 0;
    double deepest = 1;
    for (const double now : prices) {
      deepest = std::max(deepest, most / now);
      most = std::max(most, now);
    }
    ++sets_;
    if (deepest > error) ++falling_;
    EXPECT_LE(deepest, std::max(known.deepest, error)) << compute_timing_line(set);
  }

  void expect_no_more(const Falls& known) const { EXPECT_LE(falling_, known.share * sets_); }

  void expect_rise_with(const std::function<void(ComputeTiming&, std::int64_t)>& grow,
                        const Falls& known) {
    constexpr std::int64_t kSets = 100;
    constexpr std::int64_t kMostTables = 60;  // twice those trained on
    constexpr std::int64_t kMostTimes = 64;
    for (std::int64_t number = 0; number < kSets; ++number) {
      const ComputeTiming set = drawn(model_.device, number, kMostTables);
      std::vector<double> prices;
      for (std::int64_t k = 1; k <= kMostTimes; k *= 2) {
        ComputeTiming more = set;
        grow(more, k);
        prices.push_back(after_each_table(more).back());
      }
      add_set(prices, set, known);
    }
    expect_no_more(known);
  }

  ComputeModel model_ = load_shipped_compute_model(GetParam());
  std::unique_ptr<CostModel> cost_model_ = make_cost_model(GetParam());
  int sets_ = 0;
  int falling_ = 0;
};

TEST_P(ShippedComputeModel, PricesMoreRowsHigher) {
  expect_rise_with(
      [](ComputeTiming& set, std::int64_t k) {
        for (MeasuredTable& table : set.tables) table.rows *= k;
      },
      on_cpus() ? Falls{} : Falls{0.35, 1.8});
}

TEST_P(ShippedComputeModel, PricesMoreRowsOfOneTableHigher) {
  expect_rise_with([](ComputeTiming& set, std::int64_t k) { set.tables.front().rows *= k; },
                   on_cpus() ? Falls{} : Falls{0.02, 1.2});
}

TEST_P(ShippedComputeModel, PricesLargerBatchesHigher) {
  expect_rise_with([](ComputeTiming& set, std::int64_t k) { set.batch_size *= k; },
                   on_cpus() ? Falls{} : Falls{0.03, 1.5});
}

TEST_P(ShippedComputeModel, PricesMorePoolingHigher) {
  expect_rise_with(
      [](ComputeTiming& set, std::int64_t k) {
        for (MeasuredTable& table : set.tables) table.pooling *= static_cast<double>(k);
      },
      on_cpus() ? Falls{} : Falls{0.03, 1.5});
}

// Up to six times as many as they were trained on.
TEST_P(ShippedComputeModel, PricesMoreTablesHigher) {
  constexpr std::size_t kTables = 200;
  constexpr std::int64_t kMostTables = 30;
  constexpr std::int64_t kApart = 50;
  const Falls known = on_cpus() ? Falls{} : Falls{0.05, 1.2};
  for (std::int64_t number = 0; number < 100 * kApart; number += kApart) {
    ComputeTiming set = drawn(model_.device, number, kMostTables);
    for (std::int64_t next = number + 1; set.tables.size() < kTables; ++next) {
      const ComputeTiming more = drawn(model_.device, next, kMostTables);
      set.tables.insert(set.tables.end(), more.tables.begin(), more.tables.end());
    }
    set.tables.resize(kTables);
    add_set(after_each_table(set), set, known);
  }
  expect_no_more(known);
}

INSTANTIATE_TEST_SUITE_P(All, ShippedComputeModel,
                         ::testing::ValuesIn(shipped_compute_model_names()), [](const auto& name) {
                           std::string word = name.param;
                           std::replace(word.begin(), word.end(), '-', '_');
                           return word;
                         });

}  // namespace
}  // namespace shardwright
