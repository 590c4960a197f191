// Shards saved under one plan, read under another: every sharding type to every other, on any
// numbers of ranks, with every optimizer's state.

#include "runtime/bench/resident_memory.hpp"
#include "runtime/checkpoint/saved_model.hpp"
#include "runtime/checkpoint/shard_loader.hpp"
#include "runtime/comm/thread_communicator.hpp"
#include "runtime/embedding/line_vector.hpp"
#include "tests/runtime/embedding/synthetic_run.hpp"
#include "tests/runtime/trainer/training_run.hpp"
#include "tests/sanitized.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <random>
#include <string>
#include <vector>

namespace shardwright {
namespace {

using synthetic::Sharding;
using LocalShards = std::vector<ShardedEmbeddings::LocalShard>;

constexpr std::array kShardings = {
    Sharding::table_wise, Sharding::column_wise,    Sharding::mixed,
    Sharding::row_wise,   Sharding::table_row_wise, Sharding::table_column_wise,
    Sharding::grid,       Sharding::data_parallel,  Sharding::every};
constexpr std::array<std::int64_t, 5> kRanks = {1, 2, 3, 4, 8};
constexpr std::array kOptimizers = {OptimizerKind::sgd,  OptimizerKind::adagrad,
                                    OptimizerKind::adam, OptimizerKind::rowwise_adagrad,
                                    OptimizerKind::ftrl, OptimizerKind::rowwise_adam};

/// Another number for every place: `part` 0 is the weights, the others are those of the state.
float value_at(std::size_t part, TableId table, std::int64_t row, std::int64_t column) {
  const std::int64_t place = ((table.value() * 40000 + row) * 67 + column) * 4;
  return static_cast<float>((place + static_cast<std::int64_t>(part)) % 16'777'216);
}

ShardedEmbeddings::LocalShard filled(const Shard& shard, OptimizerKind optimizer) {
  ShardedEmbeddings::LocalShard local{shard, {}, {}};
  const std::vector<StatePart> parts = state_parts(optimizer);
  for (std::int64_t row = shard.row_begin; row < shard.row_end; ++row) {
    const auto add = [&](LineVector<float>& values, std::size_t part) {
      for (std::int64_t column = shard.col_begin; column < shard.col_end; ++column) {
        values.push_back(value_at(part, shard.table, row, column));
      }
    };
    add(local.weights, 0);
    for (std::size_t p = 0; p < parts.size(); ++p) {
      if (parts[p].per_column) {
        add(local.state, p + 1);
      } else {
        local.state.push_back(value_at(p + 1, shard.table, row, 0));
      }
    }
  }
  return local;
}

LocalShards shards_of(const Plan& plan, RankId rank) {
  LocalShards shards;
  for (const Shard& shard : plan.shards) {
    if (shard.on(rank)) shards.push_back(filled(shard, plan.workload.table(shard.table).optimizer));
  }
  return shards;
}

void save(const std::string& folder, const Plan& plan) {
  const std::vector<DenseModel::Parameter> dense = {{"top.0.bias", {2}, {1.5F, -2.5F}}};
  run_ranks(plan.topology.size(), [&](Communicator& comm) {
    const LocalShards shards = shards_of(plan, comm.rank());
    save_model(comm, folder,
               {.plan = plan,
                .plan_id = "0123456789abcdef",
                .job_id = "fedcba9876543210",
                .shards = shards,
                .dense = dense,
                .config = {{"seed", 9}},
                .made_by = {.command = "test", .version = "1", .inputs = {}}});
  });
}

void expect_loaded(ShardLoader& loader, const Plan& plan) {
  for (std::int64_t rank = 0; rank < plan.topology.size(); ++rank) {
    for (const auto& expected : shards_of(plan, RankId{rank})) {
      const Shard& shard = expected.shard;
      LineVector<float> weights(expected.weights.size(), -1.0F);
      LineVector<float> state(expected.state.size(), -1.0F);
      loader.load({.table = plan.workload.table(shard.table).name,
                   .row_begin = shard.row_begin,
                   .row_end = shard.row_end,
                   .col_begin = shard.col_begin,
                   .col_end = shard.col_end,
                   .weights = weights,
                   .state = state});
      ASSERT_EQ(weights, expected.weights);
      ASSERT_EQ(state, expected.state);
    }
  }
}

std::uint64_t seed() {
  const char* text = std::getenv("SHARDWRIGHT_TEST_SEED");
  return text == nullptr ? 1 : std::stoull(text);
}

/// What every type is saved with: one draw each, or all of them with SHARDWRIGHT_TEST_ALL.
std::vector<std::pair<OptimizerKind, std::int64_t>> sources(std::mt19937_64& draw) {
  std::vector<std::pair<OptimizerKind, std::int64_t>> all;
  for (const OptimizerKind optimizer : kOptimizers) {
    for (const std::int64_t ranks : kRanks) all.emplace_back(optimizer, ranks);
  }
  if (std::getenv("SHARDWRIGHT_TEST_ALL") != nullptr) return all;
  return {all[draw() % all.size()]};
}

TEST(Reshard, EveryTypeIsReadAsEveryOther) {
  const TestFolder folder;
  std::mt19937_64 draw(seed());
  for (const Sharding from : kShardings) {
    for (const auto& [optimizer, ranks] : sources(draw)) {
      const synthetic::Training training{.optimizer = optimizer};
      save(folder / "model", synthetic::make_plan(training, from, ranks, draw()));
      const SavedIndex index = read_saved_index(folder / "model");
      for (const SavedFile& file : index.files) verify_file(folder / "model", file);
      ShardLoader loader(folder / "model", index);
      for (const Sharding to : kShardings) {
        for (const std::int64_t other_ranks : kRanks) {
          SCOPED_TRACE(fmt::format("{}: type {} on {} ranks to type {} on {}", to_string(optimizer),
                                   static_cast<int>(from), ranks, static_cast<int>(to),
                                   other_ranks));
          expect_loaded(loader, synthetic::make_plan(training, to, other_ranks, draw()));
        }
      }
    }
  }
}

TEST(Reshard, ReadsTheDensePart) {
  const TestFolder folder;
  save(folder / "model", synthetic::make_plan({}, Sharding::every, 2, 1));
  const SavedIndex index = read_saved_index(folder / "model");
  ShardLoader loader(folder / "model", index);
  std::vector<float> values(2);

  loader.load_dense("top.0.bias", values);

  EXPECT_THAT(values, ::testing::ElementsAre(1.5F, -2.5F));
  values.resize(3);
  EXPECT_THROW(loader.load_dense("top.0.bias", values), InputError);
  EXPECT_THROW(loader.load_dense("top.0.weight", values), InputError);
}

TEST(Reshard, RefusesAnotherOptimizersState) {
  const TestFolder folder;
  const synthetic::Training adagrad{.optimizer = OptimizerKind::adagrad};
  save(folder / "model", synthetic::make_plan(adagrad, Sharding::table_wise, 1, 1));
  const SavedIndex index = read_saved_index(folder / "model");
  ShardLoader loader(folder / "model", index);
  const SavedTable& table = index.tables.front();
  std::vector<float> weights(static_cast<std::size_t>(table.rows * table.dim));
  std::vector<float> state(static_cast<std::size_t>(table.rows));

  EXPECT_THROW(loader.load({table.name, 0, table.rows, 0, table.dim, weights, state}), InputError);
}

/// Lets the largest resident set count from now on.
bool reset_peak() {
  std::ofstream clear("/proc/self/clear_refs");
  return static_cast<bool>(clear << "5" << std::flush);
}

// 64 MiB of weights in one file, of which a narrow strip is wanted.
TEST(Reshard, TakesNoMoreMemoryThanTheShardAndABuffer) {
  const TestFolder folder;
  synthetic::Training training{.optimizer = OptimizerKind::sgd};
  Plan plan = synthetic::make_plan(training, Sharding::table_wise, 1, 1);
  plan.workload.tables.resize(1);
  Table& table = plan.workload.tables.front();
  table.rows = 1 << 18;
  table.dim = 64;
  plan.shards = {{TableId{0}, ShardingType::table_wise, 0, table.rows, 0, table.dim, RankId{0}}};
  save(folder / "model", plan);
  const SavedIndex index = read_saved_index(folder / "model");
  ShardLoader loader(folder / "model", index);
  std::vector<float> strip(static_cast<std::size_t>(table.rows) * 4, 0.0F);
  if (testing::kSanitized || !reset_peak()) GTEST_SKIP() << "the peak of memory cannot be told";
  const std::int64_t before = resident_memory().peak_bytes;

  loader.load({table.name, 0, table.rows, 8, 12, strip, {}});

  EXPECT_LE(resident_memory().peak_bytes - before, 2 * ShardLoader::kBufferBytes);
  EXPECT_EQ(strip[5], value_at(0, TableId{0}, 1, 9));
}

TEST(StateParts, HaveTheWidthsOfTheOptimizers) {
  for (const OptimizerKind optimizer : kOptimizers) {
    for (const float momentum : {0.0F, 0.9F}) {
      OptimizerSettings settings;
      settings.momentum = momentum;
      for (const std::int64_t columns : {4, 12}) {
        EXPECT_EQ(state_width(state_parts(optimizer, momentum), columns),
                  state_width(optimizer, settings, columns))
            << to_string(optimizer);
      }
    }
  }
}

}  // namespace
}  // namespace shardwright
