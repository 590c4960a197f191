#include "runtime/embedding/sharded_embeddings.hpp"

#include "costmodel/errors.hpp"
#include "runtime/comm/thread_communicator.hpp"
#include "tests/runtime/embedding/synthetic_run.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <string>

namespace shardwright::synthetic {
namespace {

constexpr std::int64_t kCountBytes = 32;

std::int64_t samples_of_rank(const Workload& workload, std::int64_t step, std::int64_t ranks,
                             std::int64_t rank) {
  std::int64_t samples = 0;
  run_ranks(ranks, [&](Communicator& comm) {
    if (comm.rank().value() == rank) samples = make_share(workload, step, comm).size;
  });
  return samples;
}

/// What a rank sends in one step, counted from the plan and the batches alone.
struct ExpectedBytes {
  std::int64_t input = 0, output = 0, gradient = 0;
};

struct Place {
  std::int64_t ranks, rank;
};

/// Pooled columns that a rank owns.
std::int64_t owned_columns(const Plan& plan, std::int64_t rank) {
  std::int64_t columns = 0;
  for (const Shard& shard : plan.shards) {
    if (!shard.on(RankId{rank})) continue;
    const auto features = plan.workload.table(shard.table).features.size();
    columns += shard.columns() * static_cast<std::int64_t>(features);
  }
  return columns;
}

std::set<std::int64_t> owners_of(const Plan& plan, TableId table) {
  std::set<std::int64_t> owners;
  for (const Shard& shard : plan.shards) {
    if (shard.table == table) owners.insert(shard.rank->value());
  }
  return owners;
}

std::int64_t shards_on(const Plan& plan, TableId table, std::int64_t rank) {
  return std::count_if(plan.shards.begin(), plan.shards.end(), [&](const Shard& shard) {
    return shard.table == table && shard.on(RankId{rank});
  });
}

/// 8 bytes per id, 4 per weight, 4 per bag of one table in the batch.
std::int64_t table_input_bytes(const Workload& workload, const Batch& batch, TableId table) {
  std::int64_t bytes = 0;
  std::size_t f = 0;
  for (std::size_t t = 0; t < workload.tables.size(); ++t) {
    for (std::size_t k = 0; k < workload.tables[t].features.size(); ++k, ++f) {
      if (TableId::of(t) != table) continue;
      const Bags& bags = batch.features[f];
      bytes += static_cast<std::int64_t>(8 * bags.ids.size() + 4 * bags.weights.size() +
                                         4 * bags.lengths.size());
    }
  }
  return bytes;
}

std::int64_t rows_touched(const Workload& workload, std::int64_t step, TableId table) {
  const Batch batch = make_batch(workload, step, 0, global_samples(step));
  std::set<std::int64_t> rows;
  std::size_t f = 0;
  for (std::size_t t = 0; t < workload.tables.size(); ++t) {
    for (std::size_t k = 0; k < workload.tables[t].features.size(); ++k, ++f) {
      if (TableId::of(t) != table) continue;
      rows.insert(batch.features[f].ids.begin(), batch.features[f].ids.end());
    }
  }
  return static_cast<std::int64_t>(rows.size());
}

ExpectedBytes expected_bytes(const Plan& plan, std::int64_t step, const Batch& batch,
                             const Place& place) {
  ExpectedBytes expected;
  for (std::int64_t peer = 0; peer < place.ranks; ++peer) {
    if (peer == place.rank) continue;
    expected.input += kCountBytes;
    expected.output += 4 * owned_columns(plan, place.rank) *
                       samples_of_rank(plan.workload, step, place.ranks, peer);
    expected.gradient += 4 * owned_columns(plan, peer) * batch.size;
    for (std::size_t t = 0; t < plan.workload.tables.size(); ++t) {
      const TableId table = TableId::of(t);
      if (!owners_of(plan, table).contains(peer)) continue;
      expected.input += table_input_bytes(plan.workload, batch, table);
      if (plan.workload.table(table).optimizer != OptimizerKind::rowwise_adagrad) continue;
      expected.gradient +=
          8 * shards_on(plan, table, place.rank) * rows_touched(plan.workload, step, table);
    }
  }
  return expected;
}

void expect_exact_bytes(const Plan& plan, Communicator& comm) {
  std::int64_t step = 0;
  run(plan, comm, [&](const ShardedEmbeddings& embeddings, const Batch& batch) {
    const ExpectedBytes expected =
        expected_bytes(plan, step, batch, {comm.size(), comm.rank().value()});
    EXPECT_EQ(embeddings.phases().input_bytes, expected.input) << "step " << step;
    EXPECT_EQ(embeddings.phases().output_bytes, expected.output) << "step " << step;
    EXPECT_EQ(embeddings.phases().gradient_bytes, expected.gradient) << "step " << step;
    ++step;
  });
  EXPECT_EQ(step, kSteps);
}

TEST(ShardedEmbeddings, SendsExactlyTheBytesOfTheFormulas) {
  for (const OptimizerKind optimizer : {OptimizerKind::sgd, OptimizerKind::rowwise_adagrad}) {
    const Training training{.optimizer = optimizer, .weighted = true};
    const Plan plan = make_plan(training, Sharding::column_wise, 3, 4);
    run_ranks(3, [&](Communicator& comm) { expect_exact_bytes(plan, comm); });
  }
}

TEST(ShardedEmbeddings, HoldsDataParallelTablesOnEveryRankAndKeepsThemEqual) {
  const Plan plan = make_plan({.optimizer = OptimizerKind::adagrad}, Sharding::data_parallel, 3, 1);
  std::vector<std::vector<ShardedEmbeddings::LocalShard>> ranks(3);
  run_ranks(3, [&](Communicator& comm) {
    run(plan, comm, [&](const ShardedEmbeddings& embeddings, const Batch&) {
      ranks[comm.rank().index()] = embeddings.local_shards();
    });
  });
  ASSERT_EQ(ranks[0].size(), plan.workload.tables.size());
  for (std::size_t t = 0; t < ranks[0].size(); ++t) {
    for (const std::size_t other : {1U, 2U}) {
      EXPECT_EQ(ranks[other][t].weights, ranks[0][t].weights);
      EXPECT_EQ(ranks[other][t].state, ranks[0][t].state);
    }
  }
}

TEST(ShardedEmbeddings, SendsNothingOnOneRank) {
  const Plan plan =
      make_plan({.optimizer = OptimizerKind::rowwise_adagrad}, Sharding::column_wise, 1, 4);
  run_ranks(1, [&](Communicator& comm) {
    run(plan, comm);
    EXPECT_EQ(comm.traffic().bytes_sent, 0);
    EXPECT_EQ(comm.traffic().messages_sent, 0);
  });
}

TEST(ShardedEmbeddings, AllocatesOnlyTheRanksOwnShards) {
  for (const OptimizerKind optimizer :
       {OptimizerKind::sgd, OptimizerKind::adagrad, OptimizerKind::rowwise_adagrad}) {
    const Plan plan = make_plan({.optimizer = optimizer}, Sharding::mixed, 8, 2);
    run_ranks(8, [&](Communicator& comm) {
      const ShardedEmbeddings embeddings(plan, comm, {});
      std::vector<Shard> own;
      for (const Shard& shard : plan.shards) {
        if (shard.on(comm.rank())) own.push_back(shard);
      }
      ASSERT_EQ(embeddings.local_shards().size(), own.size());
      for (std::size_t i = 0; i < own.size(); ++i) {
        const auto& local = embeddings.local_shards()[i];
        const auto elements = static_cast<std::size_t>(own[i].rows() * own[i].columns());
        EXPECT_EQ(local.shard, own[i]);
        EXPECT_EQ(local.weights.size(), elements);
        EXPECT_EQ(local.weights.capacity(), elements);
        EXPECT_EQ(local.state.size(), optimizer == OptimizerKind::sgd ? 0
                                      : optimizer == OptimizerKind::adagrad
                                          ? elements
                                          : static_cast<std::size_t>(own[i].rows()));
      }
    });
  }
}

TEST(ShardedEmbeddings, LaysPooledColumnsOutInTheOrderOfTablesAndFeatures) {
  const Plan plan = make_plan({}, Sharding::column_wise, 2, 1);
  run_ranks(2, [&](Communicator& comm) {
    ShardedEmbeddings embeddings(plan, comm, {.seed = 5});
    EXPECT_EQ(embeddings.feature_names(),
              (std::vector<std::string>{"user", "seen", "liked", "tags", "single"}));
    EXPECT_EQ(embeddings.pooled_columns(), 8 + 12 + 12 + 24 + 4);
    Batch batch;  // one sample per rank, whose only ids are rank + 2 in `liked`
    batch.size = 1;
    batch.first_sample = comm.rank().value();
    const std::int64_t id = comm.rank().value() + 2;
    batch.features.resize(5, {.lengths = {0}, .ids = {}, .weights = {}});
    batch.features[2] = {.lengths = {1}, .ids = {id}, .weights = {}};
    std::vector<float> pooled(60, -1.0F);
    embeddings.forward(batch, pooled);
    for (std::int64_t c = 0; c < 60; ++c) {
      const bool liked = c >= 20 && c < 32;
      EXPECT_EQ(pooled[static_cast<std::size_t>(c)],
                liked ? initial_embedding_weight(5, "items", 37, id, c - 20) : 0.0F);
    }
  });
}

TEST(ShardedEmbeddings, LookingUpAgainWithoutATrainingStepChangesNothing) {
  const Plan plan = make_plan({}, Sharding::mixed, 3, 3);
  run_ranks(3, [&](Communicator& comm) {
    ShardedEmbeddings embeddings(plan, comm, {});
    const Batch batch = make_share(plan.workload, 1, comm);
    std::vector<float> first(static_cast<std::size_t>(batch.size * embeddings.pooled_columns()));
    std::vector<float> second = first;
    embeddings.forward(batch, first);
    embeddings.forward(batch, second);
    EXPECT_EQ(first, second);
  });
}

TEST(ShardedEmbeddings, TakesTheBatchOfTheTimeOfForward) {
  const Plan plan = make_plan({}, Sharding::mixed, 2, 3);
  run_ranks(2, [&](Communicator& comm) {
    ShardedEmbeddings kept(plan, comm, {});
    ShardedEmbeddings changed(plan, comm, {});
    for (ShardedEmbeddings* embeddings : {&kept, &changed}) {
      Batch batch = make_share(plan.workload, 3, comm);
      const auto gradient = make_gradient(3, batch, embeddings->pooled_columns());
      std::vector<float> pooled(gradient.size());
      embeddings->forward(batch, pooled);
      if (embeddings == &changed) batch = {};
      embeddings->backward(gradient, 0.1F);
    }
    for (std::size_t i = 0; i < kept.local_shards().size(); ++i) {
      EXPECT_EQ(kept.local_shards()[i].weights, changed.local_shards()[i].weights);
    }
  });
}

TEST(ShardedEmbeddings, RefusesAPlanForAnotherNumberOfRanks) {
  run_ranks(2, [](Communicator& comm) {
    const Plan plan = make_plan({}, Sharding::table_wise, 4, 0);
    EXPECT_THROW(ShardedEmbeddings(plan, comm, {}), InputError);
  });
}

TEST(ShardedEmbeddings, RefusesBuffersAndOrdersThatCannotBeRight) {
  run_ranks(1, [](Communicator& comm) {
    const Plan plan = make_plan({}, Sharding::table_wise, 1, 0);
    ShardedEmbeddings embeddings(plan, comm, {});
    std::vector<float> none;
    EXPECT_THROW(embeddings.backward(none, 0.1F), std::logic_error);
    const Batch batch = make_batch(plan.workload, 0, 0, 4);
    EXPECT_THROW(embeddings.forward(batch, none), std::logic_error);
    std::vector<float> pooled(240);
    embeddings.forward(batch, pooled);
    EXPECT_THROW(embeddings.backward(none, 0.1F), std::logic_error);
  });
}

TEST(ShardedEmbeddings, RefusesSamplesThatAreNotInRankOrder) {
  const Plan plan = make_plan({}, Sharding::table_wise, 2, 0);
  EXPECT_THROW(run_ranks(2,
                         [&](Communicator& comm) {
                           ShardedEmbeddings embeddings(plan, comm, {});
                           const std::int64_t begin = comm.rank().value() == 0 ? 4 : 0;
                           std::vector<float> pooled(240);
                           embeddings.forward(make_batch(plan.workload, 0, begin, begin + 4),
                                              pooled);
                         }),
               std::logic_error);
}

}  // namespace
}  // namespace shardwright::synthetic
