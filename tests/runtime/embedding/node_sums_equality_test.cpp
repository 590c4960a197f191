// Sums that are formed within nodes before they travel on change no bit of what floats on the wire
// give, but where a row_wise table's rows lie on several nodes the order in which its values are
// added up; and 16-bit ones no more than their rounding.

#include "tests/runtime/embedding/distance.hpp"
#include "tests/runtime/embedding/mixed_kinds.hpp"
#include "tests/runtime/embedding/node_plans.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace shardwright::synthetic {
namespace {

struct Nodes {
  std::string name;
  std::vector<std::int64_t> of_ranks;
};

class NodeSumsRun : public testing::TestWithParam<Nodes> {
 protected:
  Topology topology() const { return ranks_on(GetParam().of_ranks); }
};

void expect_close(const Outcome& found, const Outcome& expected, double tolerance) {
  EXPECT_LE(relative_distance(found.pooled, expected.pooled), tolerance);
  for (std::size_t t = 0; t < expected.weights.size(); ++t) {
    EXPECT_LE(relative_distance(found.weights[t], expected.weights[t]), tolerance);
    EXPECT_LE(relative_distance(found.state[t], expected.state[t]), tolerance);
  }
}

bool is_row_wise(const Plan& plan, TableId table) {
  return std::any_of(plan.shards.begin(), plan.shards.end(), [&](const Shard& shard) {
    return shard.table == table && shard.type == ShardingType::row_wise;
  });
}

/// Of parts that go straight.
void expect_bits_without_nodes(const Plan& plan, const Outcome& found) {
  const Outcome expected = run_on_threads(on_one_node(plan));
  EXPECT_TRUE(found.weights == expected.weights && found.state == expected.state);
  for (std::size_t t = 0; t < plan.workload.tables.size(); ++t) {
    const auto values = outputs_of(plan.workload, found, TableId::of(t));
    const auto straight = outputs_of(plan.workload, expected, TableId::of(t));
    if (is_row_wise(plan, TableId::of(t))) {
      EXPECT_LE(relative_distance(values, straight), 1e-6) << "table " << t;
    } else {
      EXPECT_EQ(values, straight) << "table " << t;
    }
  }
}

void expect_equal(const Training& training, const Plan& plan) {
  const Outcome found = run_on_threads(plan);
  expect_bits_without_nodes(plan, found);
  EXPECT_TRUE(found == run_on_threads(plan)) << "from run to run";
  EXPECT_TRUE(found == run_on_threads(plan, {.overlap = true})) << "overlap";
  expect_close(found, run_on_threads(make_plan(training, Sharding::table_wise, 1, 0)), 1e-6);
}

TEST_P(NodeSumsRun, EqualsTheUnshardedOneAndTheOneWithoutNodes) {
  for (const Training& training : {Training{}, Training{.optimizer = OptimizerKind::rowwise_adagrad,
                                               .mode = PoolingMode::mean,
                                               .weighted = true}}) {
    SCOPED_TRACE(to_string(training.optimizer));
    expect_equal(training, rows_over_nodes(training, topology()));
    expect_equal(training, grids_over_nodes(training, topology()));
    expect_equal(training, types_over_nodes(training, topology()));
    expect_equal(training, blocks_over_nodes(training, topology()));
  }
}

void expect_repeats_in_sixteen_bits(const Plan& plan) {
  const Outcome floats = run_on_threads(plan);
  for (const WireFormats wire :
       {WireFormats{.pooled = DataType::bf16}, WireFormats{.gradients = DataType::bf16},
        WireFormats{DataType::fp16, DataType::fp16}}) {
    const Outcome found = run_on_threads(plan, {.wire = wire});
    EXPECT_TRUE(found != floats);
    expect_close(found, floats, 0.01);
    EXPECT_TRUE(found == run_on_threads(plan, {.threads = 2, .overlap = true, .wire = wire}));
  }
}

TEST_P(NodeSumsRun, RepeatsItselfInSixteenBitsNearTheOneInFloats) {
  expect_repeats_in_sixteen_bits(types_over_nodes({}, topology()));
  expect_repeats_in_sixteen_bits(blocks_over_nodes({}, topology()));
}

/// Gradients are rounded once, as of any table.
TEST_P(NodeSumsRun, KeepsAllBitsOfGradientsInSixteenBits) {
  const WireFormats wire{.gradients = DataType::bf16};
  for (const Plan& plan : {grids_over_nodes({}, topology()), blocks_over_nodes({}, topology())}) {
    const Outcome found = run_on_threads(plan, {.wire = wire});
    const Outcome straight = run_on_threads(on_one_node(plan), {.wire = wire});
    EXPECT_TRUE(found.weights == straight.weights && found.state == straight.state);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Nodes, NodeSumsRun,
    testing::Values(Nodes{"TwoOfTwo", {0, 0, 1, 1}}, Nodes{"TwoOfFour", {0, 0, 0, 0, 1, 1, 1, 1}},
                    Nodes{"ThreeOfTwo", {0, 0, 1, 1, 2, 2}}, Nodes{"TwoTakingTurns", {0, 1, 0, 1}},
                    Nodes{"ThreeAndOne", {5, 5, 5, 2}}, Nodes{"ThreeOfOne", {0, 1, 2}}),
    [](const testing::TestParamInfo<Nodes>& of) { return of.param.name; });

/// Tables of every kind and type; on nodes of four, shards of half of a node's ranks.
TEST(NodeSums, OfRandomPlansChangeNoBitButOfRowWiseSums) {
  for (const auto& [ranks, per_node] : {std::pair{6, 2}, std::pair{8, 4}}) {
    for (std::uint64_t seed = 0; seed < 2; ++seed) {
      SCOPED_TRACE(std::to_string(ranks) + " ranks, plan " + std::to_string(seed));
      Plan plan = random_mix(ranks, seed);
      for (std::size_t r = 0; r < plan.topology.ranks.size(); ++r) {
        plan.topology.ranks[r].node = static_cast<std::int64_t>(r) / per_node;
      }
      const Outcome found = run_on_threads(plan);
      expect_bits_without_nodes(plan, found);
      EXPECT_TRUE(found == run_on_threads(plan, {.threads = 2, .overlap = true}));
    }
  }
}

}  // namespace
}  // namespace shardwright::synthetic
