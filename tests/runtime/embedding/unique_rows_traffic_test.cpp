// What ranks send of tables that are exchanged as distinct rows, in either format, and the norm of
// what comes back.

#include "costmodel/shard_load.hpp"
#include "planner/unique_rows_price.hpp"
#include "runtime/comm/thread_communicator.hpp"
#include "tests/runtime/embedding/distance.hpp"
#include "tests/runtime/embedding/synthetic_run.hpp"
#include "tests/runtime/embedding/with_unique_rows.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace shardwright::synthetic {
namespace {

/// What one rank's batch asks of a table: its different ids.
std::set<std::int64_t> different_ids(const Plan& plan, const Batch& batch, TableId table) {
  std::set<std::int64_t> ids;
  std::size_t f = 0;
  for (std::size_t t = 0; t < plan.workload.tables.size(); ++t) {
    for (std::size_t k = 0; k < plan.workload.tables[t].features.size(); ++k, ++f) {
      if (TableId::of(t) != table) continue;
      ids.insert(batch.features[f].ids.begin(), batch.features[f].ids.end());
    }
  }
  return ids;
}

std::int64_t in_rows_of(const std::set<std::int64_t>& ids, const Shard& shard) {
  return std::count_if(ids.begin(), ids.end(), [&](std::int64_t id) {
    return id >= shard.row_begin && id < shard.row_end;
  });
}

struct Sent {
  std::int64_t input = 0;
  std::int64_t output = 0;
  std::int64_t gradient = 0;
  bool operator==(const Sent&) const = default;
};

/// Of one rank: counts of 32 bytes to every other one; 8 bytes per different id in an owner's rows
/// and 4 for their number, 4 per id and column of the owner's rows, the same back.
Sent bytes_of_formulas(const Plan& plan, const std::vector<Batch>& batches, std::size_t self) {
  Sent bytes;
  bytes.input = 32 * (std::ssize(batches) - 1);
  for (const Shard& shard : plan.shards) {
    const std::size_t owner = shard.rank.value().index();
    for (std::size_t r = 0; r < batches.size(); ++r) {
      if (r == owner || (r != self && owner != self)) continue;
      const std::int64_t rows = in_rows_of(different_ids(plan, batches[r], shard.table), shard);
      if (r == self) bytes.input += 8 * rows + 4;
      (r == self ? bytes.gradient : bytes.output) += 4 * rows * shard.columns();
    }
  }
  return bytes;
}

/// Ids go once to an owner however many columns it has; here it has one shard of each table.
TEST(UniqueRowsTraffic, IsExactlyThatOfTheFormulas) {
  for (const Sharding sharding : {Sharding::table_wise, Sharding::table_row_wise}) {
    const Training training{.mode = PoolingMode::mean, .weighted = true};
    const Plan plan = with_unique_rows(make_plan(training, sharding, 4, 9));
    run_ranks(4, [&](Communicator& comm) {
      std::int64_t step = 0;
      run(plan, comm, [&](const ShardedEmbeddings& embeddings, const Batch&) {
        std::vector<Batch> batches;
        for (std::int64_t r = 0; r < comm.size(); ++r) {
          batches.push_back(make_share_of(plan.workload, step, comm.size(), r));
        }
        const Sent expected = bytes_of_formulas(plan, batches, comm.rank().index());
        EXPECT_EQ(embeddings.phases().input_bytes, expected.input) << "step " << step;
        EXPECT_EQ(embeddings.phases().output_bytes, expected.output) << "step " << step;
        EXPECT_EQ(embeddings.phases().gradient_bytes, expected.gradient) << "step " << step;
        ++step;
      });
      EXPECT_EQ(step, kSteps);
    });
  }
}

/// Two samples on each of four ranks, each with one bag that names every row of the table once.
Batch batch_of_all_rows(const Table& table, std::int64_t rank) {
  Batch batch;
  batch.first_sample = 2 * rank;
  batch.size = 2;
  Bags& bags = batch.features.emplace_back();
  bags.lengths.assign(2, static_cast<std::int32_t>(table.rows));
  for (std::int64_t i = 0; i < 2 * table.rows; ++i) bags.ids.push_back(i % table.rows);
  return batch;
}

/// By rows, columns and both, unevenly.
Plan plan_of_cuts() {
  Plan plan;
  plan.topology.ranks.resize(4);
  plan.workload = make_workload({});
  plan.workload.tables.resize(1);
  Table& table = plan.workload.tables.front();
  table.rows = 8;
  table.dim = 8;
  table.pooling = 8;
  table.reuse = ReuseHistogram{};
  table.reuse->at(1) = 1;  // each row twice in the batch of a rank
  table.reuse_batch_size = 2;
  plan.workload.batch_size = 8;
  plan.unique_rows = {TableId{0}};
  return plan;
}

/// The formulas that plans are priced with, costmodel/shard_load.hpp, and a count of 4 bytes.
Sent planned_bytes(const Plan& plan, std::int64_t rank) {
  const Table table = workload_as_exchanged(plan).tables.front();
  constexpr double kSamples = 2;
  double input = 32 * static_cast<double>(plan.topology.size() - 1);
  double output = 0;
  double gradient = 0;
  for (const Shard& shard : plan.shards) {
    const ShardLoad load = load_of(table, shard, kSamples, 0);
    if (shard.on(RankId{rank})) {
      output += static_cast<double>(plan.topology.size() - 1) * output_message_bytes(shard, load);
    } else {
      input += input_message_bytes(table, load) + 4;
      gradient += output_message_bytes(shard, load);
    }
  }
  return {std::llround(input), std::llround(output), std::llround(gradient)};
}

TEST(UniqueRowsTraffic, IsWhatThePlannersFormulasSayForEveryCut) {
  Plan plan = plan_of_cuts();
  const auto cut = [](ShardingType type, std::array<std::int64_t, 4> part, std::int64_t rank) {
    return Shard{TableId{0}, type, part[0], part[1], part[2], part[3], RankId{rank}};
  };
  const std::vector<std::vector<Shard>> cuts = {
      {cut(ShardingType::table_wise, {0, 8, 0, 8}, 2)},
      {cut(ShardingType::row_wise, {0, 1, 0, 8}, 2), cut(ShardingType::row_wise, {1, 8, 0, 8}, 0)},
      {cut(ShardingType::column_wise, {0, 8, 0, 4}, 1),
       cut(ShardingType::column_wise, {0, 8, 4, 8}, 3)},
      {cut(ShardingType::grid, {0, 3, 0, 4}, 0), cut(ShardingType::grid, {3, 8, 0, 4}, 1),
       cut(ShardingType::grid, {0, 3, 4, 8}, 2), cut(ShardingType::grid, {3, 8, 4, 8}, 3)}};
  for (const std::vector<Shard>& shards : cuts) {
    plan.shards = shards;
    run_ranks(4, [&](Communicator& comm) {
      ShardedEmbeddings embeddings(plan, comm, {});
      const Batch batch = batch_of_all_rows(plan.workload.tables.front(), comm.rank().value());
      std::vector<float> pooled(static_cast<std::size_t>(batch.size * embeddings.pooled_columns()));
      embeddings.forward(batch, pooled);
      embeddings.backward(pooled, 0.1F);
      const Sent expected = planned_bytes(plan, comm.rank().value());
      EXPECT_EQ(embeddings.phases().input_bytes, expected.input);
      EXPECT_EQ(embeddings.phases().output_bytes, expected.output);
      EXPECT_EQ(embeddings.phases().gradient_bytes, expected.gradient);
    });
  }
}

/// One step on ranks that share the samples.
struct Step {
  std::vector<std::vector<float>> pooled;  ///< of each rank
  Sent sent;                               ///< by all ranks
  double squares = 0;                      ///< of all gradients
};

Step one_step(const Plan& plan, WireFormats wire) {
  Step result;
  result.pooled.resize(plan.topology.ranks.size());
  std::mutex mutex;
  run_ranks(plan.topology.size(), [&](Communicator& comm) {
    ShardedEmbeddings embeddings(plan, comm, {.seed = 3, .optimizer = {}, .wire = wire});
    const Batch batch = make_share(plan.workload, 7, comm);
    std::vector<float> pooled(static_cast<std::size_t>(batch.size * embeddings.pooled_columns()));
    embeddings.forward(batch, pooled);
    embeddings.bring_gradients(make_gradient(7, batch, embeddings.pooled_columns()));
    const double squares = embeddings.gradient_square_sum();
    const std::lock_guard lock(mutex);
    result.pooled[comm.rank().index()] = pooled;
    result.squares += squares;
    result.sent.input += embeddings.phases().input_bytes;
    result.sent.output += embeddings.phases().output_bytes;
    result.sent.gradient += embeddings.phases().gradient_bytes;
  });
  return result;
}

TEST(UniqueRowsWire, HalvesTheBytesAndGivesTheSameBitsWhereverTablesLie) {
  const Training training{.optimizer = OptimizerKind::sgd};
  const Plan plan = with_unique_rows(make_plan(training, Sharding::column_wise, 3, 3));
  const Plan elsewhere = with_unique_rows(make_plan(training, Sharding::row_wise, 3, 4));
  const Step floats = one_step(plan, {});
  for (const DataType format : {DataType::bf16, DataType::fp16}) {
    SCOPED_TRACE(std::string(to_string(format)));
    const WireFormats wire{.pooled = format, .gradients = format};
    const Step found = one_step(plan, wire);
    EXPECT_EQ(2 * found.sent.output, floats.sent.output);
    EXPECT_EQ(2 * found.sent.gradient, floats.sent.gradient);
    EXPECT_EQ(found.sent.input, floats.sent.input);
    EXPECT_NE(found.pooled, floats.pooled);
    for (std::size_t r = 0; r < found.pooled.size(); ++r) {
      EXPECT_LE(relative_distance(found.pooled[r], floats.pooled[r]), 0.004);
    }
    EXPECT_EQ(found.pooled, one_step(elsewhere, wire).pooled);
  }
}

/// Gradients are clipped by the norm of whole rows' gradients.
TEST(UniqueRowsGradients, HaveTheNormOfPooledOnes) {
  const Plan plan = make_plan({.mode = PoolingMode::mean}, Sharding::grid, 4, 6);
  const Step pooled = one_step(plan, {});
  const Step rows = one_step(with_unique_rows(plan), {});
  EXPECT_GT(pooled.squares, 0);
  EXPECT_NEAR(rows.squares, pooled.squares, 1e-6 * pooled.squares);
}

/// What the owner of a table sends to the other rank, whose bags name all of its 8 rows in turn.
std::int64_t bytes_sent_for(std::int64_t samples, std::int64_t ids_per_bag, bool unique) {
  Plan plan = plan_of_cuts();
  plan.topology.ranks.resize(2);
  plan.shards = {{TableId{0}, ShardingType::table_wise, 0, 8, 0, 8, RankId{0}}};
  if (!unique) plan.unique_rows.clear();
  Batch batch;
  batch.size = samples;
  Bags& bags = batch.features.emplace_back();
  bags.lengths.assign(static_cast<std::size_t>(samples), static_cast<std::int32_t>(ids_per_bag));
  for (std::int64_t i = 0; i < samples * ids_per_bag; ++i) bags.ids.push_back(i % 8);
  std::int64_t sent = 0;
  run_ranks(2, [&](Communicator& comm) {
    ShardedEmbeddings embeddings(plan, comm, {});
    const bool asks = comm.rank() == RankId{1};
    Batch none;
    none.features.resize(1);
    std::vector<float> pooled(asks ? static_cast<std::size_t>(samples * 8) : 0);
    embeddings.forward(asks ? batch : none, pooled);
    if (!asks) sent = embeddings.phases().output_bytes;
  });
  return sent;
}

TEST(UniqueRowsTraffic, IsLessWhereIdsRepeatAndMoreWhereBagsAreFew) {
  EXPECT_EQ(bytes_sent_for(20, 1, false), 20 * 8 * 4);
  EXPECT_EQ(bytes_sent_for(20, 1, true), 8 * 8 * 4);
  EXPECT_EQ(bytes_sent_for(2, 8, false), 2 * 8 * 4);
  EXPECT_EQ(bytes_sent_for(2, 8, true), 8 * 8 * 4);
}

}  // namespace
}  // namespace shardwright::synthetic
