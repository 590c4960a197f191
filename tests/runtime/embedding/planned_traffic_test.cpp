// What ranks send, beside what plans are priced by.

#include "tests/runtime/embedding/planned_traffic.hpp"

#include "costmodel/exchange_traffic.hpp"
#include "costmodel/kept_rows.hpp"
#include "costmodel/row_statistics.hpp"
#include "runtime/comm/thread_communicator.hpp"
#include "runtime/embedding/shard_update.hpp"
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

/// Priced as if each part went straight to the rank that has the sample, as whole tables' values
/// do.
std::vector<Shard> sent_straight(std::vector<Shard> shards) {
  for (Shard& shard : shards) shard.type = ShardingType::table_wise;
  return shards;
}

std::int64_t planned_between(const Plan& plan, const std::vector<Shard>& shards) {
  return std::llround(bytes_between_nodes(plan.workload, plan.topology, shards));
}

/// The same shards on one node, which are exchanged as if there were no nodes.
Plan without_nodes(Plan plan) {
  for (RankSpec& rank : plan.topology.ranks) rank.node = 0;
  return plan;
}

TEST(BytesBetweenNodes, ArePlannedOnesAndFewerThanIfPartsWentStraight) {
  for (const auto& [ranks, nodes] : {Ranks{4, 2}, Ranks{6, 3}, Ranks{8, 2}, Ranks{8, 4}}) {
    SCOPED_TRACE(std::to_string(ranks) + " ranks on " + std::to_string(nodes));
    const Plan plan = plan_of_owned_tables(ranks, nodes);
    const std::int64_t in_nodes = sent_between(plan.topology, plan);
    const std::int64_t at_samples = sent_between(plan.topology, without_nodes(plan));
    EXPECT_EQ(in_nodes, planned_between(plan, plan.shards));
    EXPECT_EQ(at_samples, planned_between(plan, sent_straight(plan.shards)));
    EXPECT_LT(in_nodes, at_samples);
  }
}

TEST(BytesBetweenNodes, OfRowWiseTablesFallByTheRanksOfANode) {
  for (const auto& [ranks, nodes] : {Ranks{4, 2}, Ranks{8, 2}, Ranks{8, 4}}) {
    SCOPED_TRACE(std::to_string(ranks) + " ranks on " + std::to_string(nodes));
    const Plan plan = plan_of_row_blocks(ranks, nodes);
    const std::int64_t in_nodes = sent_between(plan.topology, plan);
    const std::int64_t at_samples = sent_between(plan.topology, without_nodes(plan));
    const std::int64_t rows = plan.workload.tables[0].rows;
    const std::int64_t bags_elsewhere = 2 * kMeanSamples * (ranks - ranks / nodes);
    const std::int64_t ids = bags_elsewhere * (8 * rows + 4 * ranks);  // a length for each block
    EXPECT_EQ(in_nodes, planned_between(plan, plan.shards));
    EXPECT_EQ(ranks / nodes * (in_nodes - ids), at_samples - ids);
  }
}

static_assert(kKeptIds == kKeptOccurrences);

/// Of a step, what each rank has sent with its gradients.
std::vector<std::int64_t> gradient_bytes(Plan plan, OptimizerKind optimizer) {
  for (Table& table : plan.workload.tables) table.optimizer = optimizer;
  std::vector<std::int64_t> sent(plan.topology.ranks.size());
  run_ranks(plan.topology.size(), [&](Communicator& comm) {
    sent[comm.rank().index()] = traffic_step(plan, comm).gradient_bytes;
  });
  return sent;
}

/// By the formula that plans are priced with; every row is touched.
double planned_statistics(const Plan& plan, RankId rank) {
  double bytes = 0;
  for (const Shard& shard : plan.shards) {
    if (shard.rank != rank) continue;
    Table table = plan.workload.table(shard.table);
    table.optimizer = OptimizerKind::rowwise_adam;
    bytes += statistics_sent(table, shard, static_cast<double>(shard.rows()),
                             static_cast<double>(plan.topology.size()))
                 .bytes;
  }
  return bytes;
}

void expect_planned_statistics(const Plan& plan) {
  const std::vector<std::int64_t> with = gradient_bytes(plan, OptimizerKind::rowwise_adam);
  const std::vector<std::int64_t> without = gradient_bytes(plan, OptimizerKind::adam);
  double sum = 0;
  for (std::size_t r = 0; r < with.size(); ++r) {
    const double planned = planned_statistics(plan, RankId::of(r));
    EXPECT_EQ(with[r] - without[r], std::llround(planned)) << "rank " << r;
    sum += planned;
  }
  EXPECT_GT(sum, 0);
}

TEST(RowStatistics, AreSentAsPlanned) {
  for (const auto& [ranks, nodes] : {Ranks{2, 1}, Ranks{4, 1}, Ranks{8, 2}}) {
    SCOPED_TRACE(std::to_string(ranks) + " ranks on " + std::to_string(nodes));
    expect_planned_statistics(plan_of_everything(ranks, nodes));
  }
}

/// In four parts on four of five ranks.
TEST(RowStatistics, AreSentToEachOtherOwner) {
  Plan plan = plan_of_owned_tables(5, 1);
  plan.workload.tables.resize(1);
  plan.workload.tables[0].dim = 16;
  plan.shards.clear();
  for (std::int64_t part = 0; part < 4; ++part) {
    plan.shards.push_back({TableId{0}, ShardingType::column_wise, 0, plan.workload.tables[0].rows,
                           4 * part, 4 * part + 4, RankId{part}});
  }
  expect_planned_statistics(plan);
}

}  // namespace
}  // namespace shardwright::synthetic
