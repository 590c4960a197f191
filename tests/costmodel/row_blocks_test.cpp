// What row_wise blocks cost on several nodes, wherever they are.
#include "tests/costmodel/row_blocks.hpp"

#include "costmodel/rank_pricer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

namespace shardwright {
namespace {

using testing::RowBlocks;

TEST(RowBlocks, ArePricedAsAWholeWhileTheyComeAndGo) {
  for (const char* name : {"analytic", "cpu-epyc9004-compute"}) {
    const auto model = make_cost_model(name);
    for (std::uint32_t seed = 0; seed < 20; ++seed) {
      SCOPED_TRACE(std::string(name) + ", seed " + std::to_string(seed));
      testing::expect_same_prices_while_shards_come_and_go(*model, seed);
    }
  }
}

/// Blocks of a table on ranks of their own, as the best plans have them, or on those of one node.
std::vector<Shard> cut_tables(RowBlocks& draw) {
  std::vector<Shard> shards;
  for (std::int64_t t = 0; t < std::ssize(draw.workload().tables); ++t) {
    const Table& table = draw.workload().tables[static_cast<std::size_t>(t)];
    const bool in_node = draw.below(2) == 0;
    const std::int64_t node = draw.topology().ranks[0].node;
    std::vector<RankId> ranks;
    for (std::size_t r = 0; r < draw.topology().ranks.size(); ++r) {
      const bool may = in_node ? draw.topology().ranks[r].node == node : draw.below(4) > 0;
      if (may) ranks.push_back(RankId::of(r));
    }
    const auto parts = std::ssize(ranks);
    for (std::int64_t part = 0; part < parts; ++part) {
      Shard shard = testing::whole(table, t, ranks[static_cast<std::size_t>(part)]);
      shard.type = in_node ? ShardingType::table_row_wise : ShardingType::row_wise;
      shard.row_begin = table.rows * part / parts;
      shard.row_end = table.rows * (part + 1) / parts;
      shards.push_back(shard);
    }
  }
  return shards;
}

std::int64_t ranks_beside(const Topology& topology, std::size_t rank) {
  return std::count_if(topology.ranks.begin(), topology.ranks.end(), [&](const RankSpec& other) {
    return other.node == topology.ranks[rank].node;
  });
}

constexpr auto kPhases = {&PhaseTimes::comm_input_ms, &PhaseTimes::compute_forward_ms,
                          &PhaseTimes::comm_forward_ms, &PhaseTimes::compute_backward_ms,
                          &PhaseTimes::comm_backward_ms};

/// What the floors of another rank say of this one, which bounds take for its like.
void expect_floor(const RankPricer& pricer, const std::vector<Shard>& shards, RankId rank,
                  RankId like, const PhaseTimes& found) {
  const bool is_idle = std::none_of(shards.begin(), shards.end(),
                                    [&](const Shard& shard) { return shard.on(rank); });
  if (is_idle) return;
  for (const auto phase : kPhases) {
    double idle = std::numeric_limits<double>::infinity();
    double sum = 0;
    for (const Shard& shard : shards) {
      if (!shard.on(rank)) continue;
      const auto floor = pricer.floor(shard, like);
      ASSERT_TRUE(floor);
      idle = std::min(idle, floor->idle.*phase);
      sum += floor->per_shard.*phase;
    }
    EXPECT_LE(idle + sum, found.*phase * (1 + 1e-9));
  }
}

TEST(RowBlocks, CostNoLessThanTheirFloorsOnAnyRankOfANodeOfTheSize) {
  const auto model = make_cost_model("analytic");
  for (std::uint32_t seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE(seed);
    RowBlocks draw(seed);
    const std::vector<Shard> shards = cut_tables(draw);
    const auto pricer = model->rank_pricer(draw.workload(), draw.topology());
    const auto times = model->price(draw.workload(), draw.topology(), shards);
    for (std::size_t rank = 0; rank < times.size(); ++rank) {
      for (std::size_t like = 0; like < times.size(); ++like) {
        const std::int64_t size = ranks_beside(draw.topology(), rank);
        if (ranks_beside(draw.topology(), like) != size) continue;
        expect_floor(*pricer, shards, RankId::of(rank), RankId::of(like), times[rank]);
      }
    }
  }
}

/// All ranks of two nodes have a block, and the network is slow.
TEST(RowBlocks, HaveAFloorOfTheSumsThatTheirNodeSends) {
  const Workload workload{{testing::sample_table(1000, 16, 0.01)}, 4096};
  Topology topology = testing::sample_topology(2, 4);
  topology.inter = {1e6, 0};
  const auto model = make_cost_model("analytic");
  const auto shards = testing::cut(workload.tables[0], 0, ShardingType::row_wise, topology);
  const PhaseTimes times = model->price(workload, topology, shards).front();
  const auto floor = model->rank_pricer(workload, topology)->floor(shards[0], RankId{0}).value();
  const double sums = 4.0 * 16 * 4096 / 8;  // of the rank's counterpart on the other node
  EXPECT_NEAR(times.comm_forward_ms, 1e3 * sums / 1e6, 1e-9);
  EXPECT_NEAR(floor.per_shard.comm_forward_ms, times.comm_forward_ms, 1e-9);
}

}  // namespace
}  // namespace shardwright
