#include "planner/search/local/reshape.hpp"

#include "costmodel/cost_model.hpp"

#include <gtest/gtest.h>

#include <set>

namespace shardwright {
namespace {

constexpr int kDraws = 400;

// A table cut by rows over 4 ranks, on four nodes of four: how many of the drawn cuts over that
// many ranks keep to one node.
struct Drawn {
  int on_one_node = 0;
  int all = 0;
};

Drawn draw_blocks_of_four(const Topology& topology) {
  Workload workload;
  workload.batch_size = 1024;
  Table table;
  table.name = "t";
  table.features = {"t"};
  table.rows = 1'000'000;
  table.dim = 16;
  table.pooling = 10;
  workload.tables = {table};
  const Problem problem =
      make_problem(workload, topology, MemoryModel::weights, {ShardingType::row_wise});
  const auto model = make_cost_model("analytic");
  const auto pricer = model->rank_pricer(workload, topology);
  const SearchSpace space(problem, *pricer, Objective::step, ColumnWidths::any);
  const Layout layout(space);
  RandomStream random(1, 0);
  Drawn drawn;
  for (int draw = 0; draw < kDraws; ++draw) {
    Change change;
    if (!draw_reshape(layout, 0, 0, random, change) || change.added.size() != 4) continue;
    std::set<std::size_t> nodes;
    for (const Piece& piece : change.added) nodes.insert(space.node_of(piece.rank));
    ++drawn.all;
    drawn.on_one_node += nodes.size() == 1 ? 1 : 0;
  }
  return drawn;
}

// Four of sixteen ranks share a node by chance in one of 115 draws.
TEST(Reshape, DrawsBlocksOnOneNodeHalfOfTheTimeWhereNodesAddThemUp) {
  const Drawn drawn = draw_blocks_of_four(read_topology("4x4xcpu-64GiB"));
  EXPECT_GT(drawn.all, kDraws / 10);
  EXPECT_GT(drawn.on_one_node, drawn.all / 4);
  EXPECT_LT(drawn.on_one_node, drawn.all * 3 / 4);
}

}  // namespace
}  // namespace shardwright
