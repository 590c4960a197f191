// Pooled tables, tables without pooling and tables that send unique rows beside each other, of
// every sharding type: the results of the unsharded run, and nothing but what each table sends.

#include "tests/runtime/embedding/mixed_kinds.hpp"

#include "planner/unique_rows.hpp"
#include "runtime/comm/thread_communicator.hpp"
#include "tests/runtime/embedding/distance.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <mutex>
#include <string>
#include <vector>

namespace shardwright::synthetic {
namespace {

/// Random plans for each number of ranks; SHARDWRIGHT_TEST_ALL=1 tries more of them.
std::uint64_t num_plans() { return std::getenv("SHARDWRIGHT_TEST_ALL") == nullptr ? 2 : 40; }

/// Weights of either sign cancel: 1e-6 of the sum of all terms is more of the values themselves.
constexpr double kOfOutputs = 4e-6;

std::string told(const Plan& plan, TableId id) {
  const Table& table = plan.workload.table(id);
  const auto shard = std::find_if(plan.shards.begin(), plan.shards.end(),
                                  [&](const Shard& s) { return s.table == id; });
  return table.name + ": " + std::string(to_string(shard->type)) + ", " +
         std::string(to_string(table.optimizer)) + ", " + std::string(to_string(table.mode)) +
         (table.weighted ? ", weighted, " : ", ") + std::string(to_string(table.dtype)) +
         (sends_unique_rows(plan, id) ? ", unique rows" : "");
}

void expect_table(const Plan& plan, const Outcome& found, const Outcome& expected, TableId id) {
  SCOPED_TRACE(told(plan, id));
  const std::size_t t = id.index();
  const KeptBits kept = kept_bits(plan, id);
  const std::vector<float> outputs = outputs_of(plan.workload, found, id);
  const std::vector<float> expected_outputs = outputs_of(plan.workload, expected, id);
  EXPECT_FALSE(outputs.empty());
  EXPECT_LE(relative_distance(outputs, expected_outputs), kOfOutputs);
  EXPECT_LE(relative_distance(found.weights[t], expected.weights[t]), 1e-6);
  EXPECT_LE(relative_distance(found.state[t], expected.state[t]), 1e-6);
  EXPECT_TRUE(!kept.outputs || outputs == expected_outputs) << "bits of what is looked up";
  EXPECT_TRUE(!kept.weights || found.weights[t] == expected.weights[t]) << "bits of weights";
  EXPECT_TRUE(!kept.weights || found.state[t] == expected.state[t]) << "bits of state";
}

/// Also that overlap, threads and, with them, 16-bit wires change no bit.
void expect_equal(const Plan& plan) {
  const Outcome found = run_on_threads(plan);
  const Outcome expected = unsharded(plan);
  for (std::size_t t = 0; t < plan.workload.tables.size(); ++t) {
    expect_table(plan, found, expected, TableId::of(t));
  }
  EXPECT_TRUE(run_on_threads(plan, {.overlap = true}) == found) << "overlap";
  const WireFormats wire{.pooled = DataType::fp16, .gradients = DataType::bf16};
  const Outcome narrow = run_on_threads(plan, {.wire = wire});
  EXPECT_TRUE(run_on_threads(plan, {.threads = 2, .overlap = true, .wire = wire}) == narrow);
}

class MixedKinds : public testing::TestWithParam<std::int64_t> {};

TEST_P(MixedKinds, OnRandomPlansEqualTheUnshardedRun) {
  for (std::uint64_t seed = 0; seed < num_plans(); ++seed) {
    SCOPED_TRACE("plan " + std::to_string(seed));
    expect_equal(random_mix(GetParam(), seed));
  }
}

INSTANTIATE_TEST_SUITE_P(Ranks, MixedKinds, testing::Values(1, 2, 3, 4));

TEST(MixedKinds, WithOwnersOfOneKindAndOneWithoutAnyEqualTheUnshardedRun) {
  expect_equal(owners_of_one_kind());
}

struct Sent {
  std::int64_t input = 0;
  std::int64_t output = 0;
  std::int64_t gradient = 0;
  bool operator==(const Sent&) const = default;
};

Sent sent_in(const EmbeddingPhases& phases) {
  return {phases.input_bytes, phases.output_bytes, phases.gradient_bytes};
}

Sent operator+(const Sent& a, const Sent& b) {
  return {a.input + b.input, a.output + b.output, a.gradient + b.gradient};
}

struct Step {
  std::array<Sent, 4> sent;  ///< by each of four ranks
  double squares = 0;        ///< of all gradients
};

/// A step whose gradients are the values that were looked up; `choose` takes a rank's batch of all
/// tables and gives that of the plan's.
template <class Choose>
Step one_step(const Plan& plan, const Workload& all, Choose choose) {
  Step result;
  std::mutex mutex;
  run_ranks(4, [&](Communicator& comm) {
    ShardedEmbeddings embeddings(plan, comm, {.seed = kSeed});
    const Batch batch = choose(make_share(all, 7, comm));
    std::vector<float> pooled(static_cast<std::size_t>(batch.size * embeddings.pooled_columns()));
    std::vector<float> vectors(num_vector_values(embeddings.unpooled_features(), batch));
    embeddings.forward(batch, pooled, vectors);
    embeddings.bring_gradients(pooled, vectors);
    const double squares = embeddings.gradient_square_sum();
    embeddings.update(0.1F, 1);
    const std::lock_guard lock(mutex);
    result.sent[comm.rank().index()] = sent_in(embeddings.phases());
    result.squares += squares;
  });
  return result;
}

/// One of the plan's tables without the others.
Plan alone(const Plan& plan, TableId id) {
  Plan result;
  result.topology = plan.topology;
  result.workload.tables = {plan.workload.table(id)};
  if (sends_unique_rows(plan, id)) result.unique_rows = {TableId{0}};
  for (Shard shard : plan.shards) {
    if (shard.table != id) continue;
    shard.table = TableId{0};
    result.shards.push_back(shard);
  }
  return result;
}

Step step_alone(const Plan& plan, TableId id) {
  std::size_t first = 0;
  for (std::size_t t = 0; t < id.index(); ++t) first += plan.workload.tables[t].features.size();
  const std::size_t end = first + plan.workload.table(id).features.size();
  return one_step(alone(plan, id), plan.workload, [&](Batch batch) {
    const auto begin = batch.features.begin();
    batch.features = {begin + static_cast<std::ptrdiff_t>(first),
                      begin + static_cast<std::ptrdiff_t>(end)};
    return batch;
  });
}

/// Clipping needs the norm of all tables' gradients.
void expect_sums_of_tables(const Plan& plan) {
  const Sent counts{.input = 3 * 32};  // to each other rank, however many tables there are
  const Step all = one_step(plan, plan.workload, [](Batch batch) { return batch; });
  std::array<Sent, 4> sent;
  sent.fill(counts);
  double squares = 0;
  for (std::size_t t = 0; t < plan.workload.tables.size(); ++t) {
    const Step step = step_alone(plan, TableId::of(t));
    squares += step.squares;
    for (std::size_t r = 0; r < 4; ++r) {
      sent[r] = sent[r] + step.sent[r] + Sent{.input = -counts.input};
    }
  }
  EXPECT_EQ(all.sent, sent);
  EXPECT_NEAR(all.squares, squares, 1e-12 * squares);
  EXPECT_GT(squares, 0);
}

TEST(MixedKinds, SendTheBytesAndHaveTheNormOfEachTableAlone) {
  for (const Sharding sharding : {Sharding::table_wise, Sharding::column_wise, Sharding::row_wise,
                                  Sharding::table_row_wise, Sharding::grid}) {
    const Plan mix = random_mix(4, static_cast<std::uint64_t>(sharding));
    Plan plan = place(mix.workload, sharding, 4, 1);
    plan.unique_rows = mix.unique_rows;
    expect_sums_of_tables(plan);
  }
}

/// The first batch of all, so that no room is left from another one.
TEST(MixedKinds, MayHaveABatchWithoutIds) {
  const Plan plan = random_mix(3, 2);
  run_ranks(3, [&](Communicator& comm) {
    ShardedEmbeddings embeddings(plan, comm, {.seed = kSeed});
    Batch batch = make_share_of(plan.workload, 20, 3, comm.rank().value());
    batch.size = comm.rank() == RankId{1} ? 2 : 0;
    for (Bags& bags : batch.features) bags.lengths.assign(static_cast<std::size_t>(batch.size), 0);
    const auto before = embeddings.local_shards();
    std::vector<float> pooled(static_cast<std::size_t>(batch.size * embeddings.pooled_columns()),
                              1.0F);
    embeddings.forward(batch, pooled);
    EXPECT_EQ(std::count(pooled.begin(), pooled.end(), 0.0F), std::ssize(pooled));
    embeddings.backward(std::vector<float>(pooled.size(), 1.0F), 0.1F);
    for (std::size_t s = 0; s < before.size(); ++s) {
      EXPECT_EQ(embeddings.local_shards()[s].weights, before[s].weights);
      EXPECT_EQ(embeddings.local_shards()[s].weights16, before[s].weights16);
    }
  });
}

Batch one_bag(std::vector<std::int64_t> ids) {
  Batch batch;
  batch.size = 1;
  batch.features = {{{static_cast<std::int32_t>(ids.size())}, std::move(ids), {}}};
  return batch;
}

/// A table of four rows that one rank has as if all had it.
Plan replicated_table(PoolingMode mode) {
  Plan plan;
  plan.topology.ranks.resize(1);
  Table& table = plan.workload.tables.emplace_back();
  table.name = "t";
  table.rows = 4;
  table.dim = 4;
  table.mode = mode;
  table.features = {"t"};
  plan.shards = {{TableId{0}, ShardingType::data_parallel, 0, 4, 0, 4, {}}};
  return plan;
}

void train(ShardedEmbeddings& embeddings, const Batch& batch, float gradient) {
  std::vector<float> pooled(static_cast<std::size_t>(embeddings.pooled_columns()));
  std::vector<float> vectors(num_vector_values(embeddings.unpooled_features(), batch));
  embeddings.forward(batch, pooled, vectors);
  std::fill(pooled.begin(), pooled.end(), gradient);
  std::fill(vectors.begin(), vectors.end(), gradient);
  embeddings.backward(pooled, 0.1F, vectors);
}

/// A step that looks row 1 up, then one of row 2 without look-ups.
TEST(MixedKinds, WithoutLookUpsGradientsStillReachTheRowsOfTheirIds) {
  for (const PoolingMode mode : {PoolingMode::sum, PoolingMode::none}) {
    const Plan plan = replicated_table(mode);
    run_ranks(1, [&](Communicator& comm) {
      ShardedEmbeddings embeddings(plan, comm, {});
      train(embeddings, one_bag(std::vector<std::int64_t>(40, 1)), 0);
      const LineVector<float> before = embeddings.local_shards().front().weights;
      embeddings.leave_out(StepPhase::lookup);
      train(embeddings, one_bag({2}), 1);
      const LineVector<float>& after = embeddings.local_shards().front().weights;
      EXPECT_TRUE(std::equal(before.begin(), before.begin() + 8, after.begin())) << "row 1";
      EXPECT_LT(after[8], before[8]) << "row 2";
    });
  }
}

}  // namespace
}  // namespace shardwright::synthetic
