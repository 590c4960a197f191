#include "planner/search/local/deal.hpp"

#include "planner/search/local/row_blocks.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace shardwright {
namespace {

// One table of 10 rows and 8 columns, of any type, on two nodes of two ranks.
class Deal : public ::testing::Test {
 protected:
  Deal() {
    Table table;
    table.name = "a";
    table.features = {"a"};
    table.rows = 10;
    table.dim = 8;
    workload_ = {{table}, 4};
    problem_ = std::make_unique<Problem>(
        make_problem(workload_, topology_, MemoryModel::weights,
                     {kAllShardingTypes.begin(), kAllShardingTypes.end()}));
    pricer_ = make_cost_model("analytic")->rank_pricer(workload_, topology_);
    space_ = std::make_unique<SearchSpace>(*problem_, *pricer_, Objective::step, ColumnWidths::any);
  }

  const RowCut& cut(ShardingType type) const {
    const auto cuts = space_->row_cuts(0);
    const RowCut* last = nullptr;
    for (const RowCut& cut : cuts) {
      if (cut.type == type) last = &cut;  // over most ranks
    }
    return *last;
  }

  static Shard shard(ShardingType type, std::int64_t row_begin, std::int64_t row_end,
                     std::int64_t col_begin, std::int64_t col_end, std::int64_t rank) {
    return {TableId(0), type, row_begin, row_end, col_begin, col_end, RankId(rank)};
  }

  void expect_both_ways(const std::vector<Piece>& pieces, const std::vector<Shard>& shards) const {
    EXPECT_TRUE(space_->legal(pieces));
    EXPECT_EQ(deal(*space_, pieces), shards);
    const auto back = pieces_of(*space_, shards);
    ASSERT_TRUE(back);
    EXPECT_EQ(deal(*space_, *back), shards);
  }

  Workload workload_;
  Topology topology_ = read_topology("2x2xH100-80GB");
  std::unique_ptr<Problem> problem_;
  std::unique_ptr<RankPricer> pricer_;
  std::unique_ptr<SearchSpace> space_;
};

TEST_F(Deal, GivesColumnsFromLeftToRightWidestFirst) {
  constexpr auto kType = ShardingType::column_wise;
  expect_both_ways({{0, 4, 3}, {0, 4, 1}},
                   {shard(kType, 0, 10, 0, 4, 1), shard(kType, 0, 10, 4, 8, 3)});
  expect_both_ways({{0, 8, 2}}, {shard(ShardingType::table_wise, 0, 10, 0, 8, 2)});
}

TEST_F(Deal, GivesBlocksOfRowsFromTopToBottomTheSmallerLast) {
  constexpr auto kType = ShardingType::row_wise;
  std::vector<Piece> pieces;
  add_row_blocks(0, cut(kType), 8, std::vector<std::int32_t>{2, 0, 3, 1}, pieces);
  expect_both_ways(pieces, {shard(kType, 0, 3, 0, 8, 0), shard(kType, 3, 6, 0, 8, 2),
                            shard(kType, 6, 9, 0, 8, 3), shard(kType, 9, 10, 0, 8, 1)});
}

TEST_F(Deal, KeepsEachColumnPartOfAGridOnItsNode) {
  constexpr auto kType = ShardingType::grid;
  std::vector<Piece> pieces;
  add_row_blocks(0, cut(kType), 4, space_->nodes()[1], pieces);
  add_row_blocks(0, cut(kType), 4, space_->nodes()[0], pieces);
  expect_both_ways(pieces, {shard(kType, 0, 5, 0, 4, 0), shard(kType, 0, 5, 4, 8, 2),
                            shard(kType, 5, 10, 0, 4, 1), shard(kType, 5, 10, 4, 8, 3)});
}

TEST_F(Deal, CallsAGridOfOnePartTableRowWise) {
  std::vector<Piece> pieces;
  add_row_blocks(0, cut(ShardingType::grid), 8, space_->nodes()[1], pieces);
  constexpr auto kType = ShardingType::table_row_wise;
  expect_both_ways(pieces, {shard(kType, 0, 5, 0, 8, 2), shard(kType, 5, 10, 0, 8, 3)});
}

TEST_F(Deal, GivesNoRankToACopyOnEveryRank) {
  const std::vector<Shard> shards = {{TableId(0), ShardingType::data_parallel, 0, 10, 0, 8, {}}};
  expect_both_ways({{0, 8, kEveryRank, *space_->replica_slice(0)}}, shards);
}

TEST_F(Deal, KnowsNoPiecesForShapesItDoesNotSearch) {
  constexpr auto kType = ShardingType::row_wise;
  EXPECT_FALSE(pieces_of(
      *space_, std::vector<Shard>{shard(kType, 0, 8, 0, 8, 0), shard(kType, 8, 10, 0, 8, 1)}));
  EXPECT_FALSE(pieces_of(*space_, std::vector<Shard>{}));
}

}  // namespace
}  // namespace shardwright
