// What ranks send, beside what plans are priced by.

#include "tests/runtime/embedding/planned_traffic.hpp"

#include "costmodel/exchange_traffic.hpp"
#include "runtime/comm/thread_communicator.hpp"
#include "tests/runtime/comm/link_counter.hpp"
#include "tests/runtime/embedding/traffic_plan.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <string>
#include <vector>

namespace shardwright::synthetic {
namespace {

struct Ranks {
  std::int64_t ranks = 1;
  std::int64_t nodes = 1;
};

class PlannedTraffic : public testing::TestWithParam<Ranks> {};

TEST_P(PlannedTraffic, IsWhatRanksSendByEveryTypeAndExchange) {
  const auto [ranks, nodes] = GetParam();
  run_ranks(ranks, [nodes = nodes](Communicator& comm) { expect_planned_bytes(comm, nodes); });
}

INSTANTIATE_TEST_SUITE_P(Ranks, PlannedTraffic,
                         testing::Values(Ranks{1, 1}, Ranks{2, 1}, Ranks{4, 1}, Ranks{8, 1},
                                         Ranks{2, 2}, Ranks{4, 2}, Ranks{8, 2}, Ranks{8, 4}),
                         [](const testing::TestParamInfo<Ranks>& of) {
                           return std::to_string(of.param.ranks) + "On" +
                                  std::to_string(of.param.nodes);
                         });

/// Of a step's ids, values and gradients; links are those of `nodes`, whatever the plan says.
std::int64_t sent_between(const Topology& nodes, const Plan& plan) {
  constexpr std::int64_t kCounts = 32;  // to each other rank, not priced
  std::atomic<std::int64_t> sum = 0;
  run_ranks(plan.topology.size(), [&](Communicator& comm) {
    LinkCounter counter(comm, NodeRelays(nodes));
    traffic_step(plan, counter);
    const std::int64_t others = nodes.size() - nodes.size() / num_nodes(nodes);
    sum += counter.bytes_between_nodes() - kCounts * others;
  });
  return sum;
}

/// Priced as if each part went straight to the rank that has the sample.
std::vector<Shard> sent_straight(std::vector<Shard> shards) {
  for (Shard& shard : shards) {
    const bool cut = shard.type == ShardingType::table_row_wise || shard.type == ShardingType::grid;
    if (cut) shard.type = ShardingType::row_wise;
  }
  return shards;
}

std::int64_t planned_between(const Plan& plan, const std::vector<Shard>& shards) {
  return std::llround(bytes_between_nodes(plan.workload, plan.topology, shards));
}

/// The same shards on one node are exchanged as if there were no nodes.
TEST(BytesBetweenNodes, ArePlannedOnesAndFewerThanIfPartsWentStraight) {
  for (const auto& [ranks, nodes] : {Ranks{4, 2}, Ranks{6, 3}, Ranks{8, 2}, Ranks{8, 4}}) {
    SCOPED_TRACE(std::to_string(ranks) + " ranks on " + std::to_string(nodes));
    const Plan plan = plan_of_owned_tables(ranks, nodes);
    Plan straight = plan;
    for (RankSpec& rank : straight.topology.ranks) rank.node = 0;
    const std::int64_t in_nodes = sent_between(plan.topology, plan);
    const std::int64_t at_samples = sent_between(plan.topology, straight);
    EXPECT_EQ(in_nodes, planned_between(plan, plan.shards));
    EXPECT_EQ(at_samples, planned_between(plan, sent_straight(plan.shards)));
    EXPECT_LT(in_nodes, at_samples);
  }
}

}  // namespace
}  // namespace shardwright::synthetic
