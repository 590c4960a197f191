#include "runtime/embedding/replicated_tables.hpp"

#include "runtime/comm/thread_communicator.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace shardwright {
namespace {

Plan plan_of_one_table() {
  Plan plan;
  plan.topology.ranks.resize(1);
  Table& table = plan.workload.tables.emplace_back();
  table.name = "everywhere";
  table.features = {"everywhere"};
  table.rows = 100;
  table.dim = 4;
  table.optimizer = OptimizerKind::sgd;
  plan.shards.push_back({TableId::of(0), ShardingType::data_parallel, 0, 100, 0, 4, std::nullopt});
  return plan;
}

/// A rank that has such a table, and a calling thread that does none of its tasks.
class Replica {
 public:
  Replica()
      : plan_(plan_of_one_table()),
        layout_(make_layout(plan_, PartialSums::in_nodes)),
        shards_(1),
        workers_(2, Workers::Caller::stands_by),
        own_vectors_(layout_, plan_.workload) {
    shards_[0].shard = plan_.shards[0];
    shards_[0].weights.assign(400, 1.0F);
    workers_.set_between_tasks([this] { ++waits_; });
  }

  /// Whether the calling thread waited for others, meanwhile.
  template <class Work>
  bool waits_for_others(Work work) {
    waits_ = 0;
    work();
    return waits_ > 0;
  }

  Plan plan_;
  ExchangeLayout layout_;
  OptimizerSettings settings_;
  std::vector<ShardedEmbeddings::LocalShard> shards_;
  Workers workers_;
  OwnVectors own_vectors_;
  int waits_ = 0;
};

TEST(ReplicatedTables, LeaveTheirWorkToTheWorkers) {
  run_ranks(1, [](Communicator& comm) {
    Replica r;
    ReplicatedTables tables(r.layout_, r.plan_.workload, r.settings_, r.shards_, r.workers_);
    Batch batch;
    batch.size = batch.global_size = 2;
    batch.features = {{.lengths = {2, 1}, .ids = {7, 8, 7}, .weights = {}}};
    std::vector<float> pooled(8);
    tables.remember(batch);
    EXPECT_TRUE(r.waits_for_others([&] { tables.look_up(r.own_vectors_, {pooled, {}}); }));
    EXPECT_EQ(pooled, (std::vector<float>{2, 2, 2, 2, 1, 1, 1, 1}));
    const std::vector<float> gradient(8, 0.5F);
    EXPECT_TRUE(r.waits_for_others([&] { tables.sum_gradients(r.own_vectors_, {gradient, {}}); }));
    tables.start_reduce(comm);
    tables.pass_sums_on(comm);
    tables.finish_reduce();
    double squares = 0;
    EXPECT_TRUE(r.waits_for_others([&] { squares = tables.sum_all_squares(); }));
    EXPECT_EQ(squares, 4 * 1.0 + 4 * 0.25);
    EXPECT_TRUE(r.waits_for_others([&] { tables.update({0.5F, 1, 1}); }));
    EXPECT_EQ(r.shards_[0].weights[std::size_t{7} * 4], 0.5F);
    EXPECT_EQ(r.shards_[0].weights[std::size_t{8} * 4], 0.75F);
    EXPECT_EQ(r.shards_[0].weights[std::size_t{9} * 4], 1.0F);
  });
}

/// More weights than travel at once.
TEST(ReplicatedTables, AddUpTheRanksGradientsPieceByPiece) {
  run_ranks(2, [](Communicator& comm) {
    Replica r;
    constexpr std::int64_t kRows = (std::int64_t{1} << 19) + 3;
    r.plan_.workload.tables[0].rows = kRows;
    r.shards_[0].shard.row_end = kRows;
    r.shards_[0].weights.assign(static_cast<std::size_t>(kRows * 4), 1.0F);
    ReplicatedTables tables(r.layout_, r.plan_.workload, r.settings_, r.shards_, r.workers_);
    Batch batch;
    batch.size = 2;
    batch.features = {{.lengths = {1, 1}, .ids = {kRows / 2, kRows - 1}, .weights = {}}};
    const std::vector<float> gradient(8, 0.25F);
    for (int step = 1; step <= 2; ++step) {
      tables.remember(batch);
      tables.sum_gradients(r.own_vectors_, {gradient, {}});
      tables.start_reduce(comm);
      tables.pass_sums_on(comm);
      tables.finish_reduce();
      tables.update({0.5F, 1, step});
    }
    EXPECT_EQ(r.shards_[0].weights.front(), 1.0F);
    EXPECT_EQ(r.shards_[0].weights[static_cast<std::size_t>(kRows / 2 * 4)], 0.5F);
    EXPECT_EQ(r.shards_[0].weights.back(), 0.5F);
  });
}

}  // namespace
}  // namespace shardwright
