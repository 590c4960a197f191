// What must hold for any plan, whatever the model.
#include "costmodel/cost_model.hpp"
#include "tests/costmodel/sample_plans.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace shardwright {
namespace {

struct Case {
  Workload workload;
  Topology topology;
  std::vector<ShardingType> types;  // of each table
  std::vector<Shard> shards() const {
    std::vector<Shard> result;
    for (std::size_t id = 0; id < workload.tables.size(); ++id) {
      const auto cuts = testing::cut(workload.tables[id], static_cast<std::int64_t>(id), types[id],
                                     topology, static_cast<std::int64_t>(id) % topology.size());
      result.insert(result.end(), cuts.begin(), cuts.end());
    }
    return result;
  }
};

Table any_table(const std::string& name) {
  Table table =
      testing::sample_table(*rc::gen::inRange<std::int64_t>(64, 100'000'000),
                            4 * *rc::gen::inRange(1, 64), *rc::gen::inRange(0, 1'000) / 10.0, name);
  table.weighted = *rc::gen::arbitrary<bool>();
  table.mode = *rc::gen::element(PoolingMode::sum, PoolingMode::mean, PoolingMode::none);
  table.dtype = *rc::gen::element(DataType::fp32, DataType::bf16);
  table.optimizer =
      *rc::gen::element(OptimizerKind::sgd, OptimizerKind::rowwise_adagrad, OptimizerKind::adam);
  if (*rc::gen::arbitrary<bool>()) table.features.push_back(name + "2");
  if (*rc::gen::arbitrary<bool>()) table.reuse = ReuseHistogram{0.5, 0.25, 0, 0.25};
  if (*rc::gen::arbitrary<bool>()) table.reuse_batch_size = 1000;
  return table;
}

Case any_case() {
  Case result;
  result.workload.batch_size = *rc::gen::inRange(1, 100'000);
  result.topology =
      testing::sample_topology(*rc::gen::inRange(1, 4), *rc::gen::inRange(1, 5),
                               *rc::gen::element<std::string>("cpu-16GiB", "H100", "V100-16GB"));
  for (int id = *rc::gen::inRange(1, 6); id > 0; --id) {
    result.workload.tables.push_back(any_table(fmt::format("t{}", id)));
    result.types.push_back(*rc::gen::elementOf(kAllShardingTypes));
  }
  return result;
}

std::string any_model() { return *rc::gen::elementOf(cost_model_names()); }

std::vector<PhaseTimes> price(const Case& c, const std::string& model) {
  return make_cost_model(model)->price(c.workload, c.topology, c.shards());
}

constexpr auto kPhases = {&PhaseTimes::comm_input_ms, &PhaseTimes::compute_forward_ms,
                          &PhaseTimes::comm_forward_ms, &PhaseTimes::compute_backward_ms,
                          &PhaseTimes::comm_backward_ms};

void expect_no_dearer(const std::vector<PhaseTimes>& cheap, const std::vector<PhaseTimes>& dear) {
  constexpr double kRounding = 1e-9;
  for (std::size_t rank = 0; rank < dear.size(); ++rank) {
    for (const auto phase : kPhases) {
      const double limit = dear[rank].*phase * (1 + kRounding);
      RC_ASSERT((cheap[rank].*phase) <= limit);
    }
  }
}

RC_GTEST_PROP(AnyCostModel, PricesAreFiniteAndNotNegative, ()) {
  const Case c = any_case();
  const auto ranks = price(c, any_model());
  RC_ASSERT(ranks.size() == c.topology.ranks.size());
  for (const PhaseTimes& rank : ranks) {
    for (const auto phase : kPhases) {
      const double milliseconds = rank.*phase;
      RC_ASSERT(std::isfinite(milliseconds));
      RC_ASSERT(milliseconds >= 0);
    }
  }
}

RC_GTEST_PROP(AnyCostModel, PricesDoNotDependOnTheOrderOfShards, ()) {
  const Case c = any_case();
  const auto model = make_cost_model(any_model());
  std::vector<Shard> shards = c.shards();
  const auto before = model->price(c.workload, c.topology, shards);
  std::shuffle(shards.begin(), shards.end(), std::mt19937(*rc::gen::arbitrary<std::uint32_t>()));
  const auto after = model->price(c.workload, c.topology, shards);
  expect_no_dearer(before, after);
  expect_no_dearer(after, before);
}

RC_GTEST_PROP(AnyCostModel, MoreLinkBandwidthNeverCostsMore, ()) {
  const Case c = any_case();
  const std::string model = any_model();
  Case faster = c;
  faster.topology.intra.bandwidth_bytes_per_second *= *rc::gen::inRange(10, 50) / 10.0;
  faster.topology.inter.bandwidth_bytes_per_second *= *rc::gen::inRange(10, 50) / 10.0;
  expect_no_dearer(price(faster, model), price(c, model));
}

RC_GTEST_PROP(AnyCostModel, AMorePooledTableIsNeverCheaper, ()) {
  const Case c = any_case();
  const std::string model = any_model();
  Case more = c;
  more.workload.tables[0].pooling += *rc::gen::inRange(0, 1'000) / 10.0;
  expect_no_dearer(price(c, model), price(more, model));
}

RC_GTEST_PROP(Analytic, ALargerTableIsNeverCheaper, ()) {
  constexpr std::int64_t kSplitsEvenly = 72;  // over any number of ranks that any_case() makes
  Case c = any_case();
  c.workload.tables[0].rows *= kSplitsEvenly;
  Case more = c;
  more.workload.tables[0].rows *= *rc::gen::inRange(1, 10);
  expect_no_dearer(price(c, "analytic"), price(more, "analytic"));
}

RC_GTEST_PROP(AnyCostModel, AnotherShardNeverMakesAPlanCheaper, ()) {
  const Case c = any_case();
  const auto model = make_cost_model(any_model());
  const std::vector<Shard> shards = c.shards();
  const auto part = std::span(shards).first(*rc::gen::inRange<std::size_t>(0, shards.size()));
  expect_no_dearer(model->price(c.workload, c.topology, part),
                   model->price(c.workload, c.topology, shards));
}

}  // namespace
}  // namespace shardwright
