#include "runtime/device/device_tables.hpp"

#include "costmodel/errors.hpp"
#include "runtime/comm/thread_communicator.hpp"
#include "runtime/data/splitmix.hpp"
#include "runtime/device/cuda.hpp"
#include "runtime/embedding/initial_weights.hpp"
#include "runtime/embedding/owned_tables.hpp"
#include "runtime/embedding/shard_values.hpp"
#include "runtime/embedding/workers.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <tuple>
#include <vector>

namespace shardwright {
namespace {

constexpr std::uint64_t kSeed = 7;
constexpr std::int64_t kSamples = 97;
constexpr std::int64_t kSteps = 4;

struct Kind {
  OptimizerKind optimizer = OptimizerKind::sgd;
  PoolingMode mode = PoolingMode::sum;
  bool weighted = false;
  bool cut = false;  ///< columns and rows into several shards of the one rank
};

/// A table per width, one with two features, one with so few rows that all have many ids.
Workload make_workload(const Kind& kind) {
  Workload workload;
  workload.batch_size = kSamples;
  const std::vector<std::pair<std::int64_t, std::int64_t>> sizes = {
      {1000, 4}, {900, 8}, {3, 16}, {5000, 64}, {400, 100}, {700, 128}, {300, 132}, {200, 1028}};
  for (const auto& [rows, dim] : sizes) {
    Table& table = workload.tables.emplace_back();
    table.name = fmt::format("t{}", workload.tables.size());
    table.rows = rows;
    table.dim = dim;
    table.mode = kind.mode;
    table.weighted = kind.weighted;
    table.optimizer = kind.optimizer;
    table.features = {table.name};
    if (dim == 8) table.features.push_back("second");
  }
  return workload;
}

Plan make_plan(const Kind& kind) {
  Plan plan;
  plan.topology.ranks.resize(1);
  plan.workload = make_workload(kind);
  for (std::size_t t = 0; t < plan.workload.tables.size(); ++t) {
    const Table& table = plan.workload.tables[t];
    const TableId id = TableId::of(t);
    const auto add = [&](ShardingType type, std::int64_t row, std::int64_t row_end,
                         std::int64_t column, std::int64_t column_end) {
      plan.shards.push_back({id, type, row, row_end, column, column_end, RankId{0}});
    };
    if (kind.cut && table.dim >= 64) {
      add(ShardingType::column_wise, 0, table.rows, 0, 24);
      add(ShardingType::column_wise, 0, table.rows, 24, table.dim);
    } else if (kind.cut && table.dim == 4) {
      add(ShardingType::row_wise, 0, 10, 0, table.dim);
      add(ShardingType::row_wise, 10, table.rows, 0, table.dim);
    } else {
      add(ShardingType::table_wise, 0, table.rows, 0, table.dim);
    }
  }
  return plan;
}

Batch make_batch(const Workload& workload, std::int64_t step) {
  SplitMix64 random(kSeed + static_cast<std::uint64_t>(step));
  Batch batch;
  batch.size = batch.global_size = kSamples;
  for (const Table& table : workload.tables) {
    for (std::size_t k = 0; k < table.features.size(); ++k) {
      Bags& bags = batch.features.emplace_back();
      for (std::int64_t n = 0; n < kSamples; ++n) {
        const std::uint64_t length = n == 5 ? 40 : random.below(7);
        bags.lengths.push_back(static_cast<std::int32_t>(length));
        for (std::uint64_t i = 0; i < length; ++i) {
          bags.ids.push_back(
              static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(table.rows))));
          if (table.weighted) bags.weights.push_back(static_cast<float>(random.uniform(-1.0, 1.0)));
        }
      }
    }
  }
  return batch;
}

std::vector<float> make_gradients(std::size_t count, std::int64_t step) {
  SplitMix64 random(99 + static_cast<std::uint64_t>(step));
  std::vector<float> gradients(count);
  for (float& value : gradients) value = static_cast<float>(random.uniform(-0.1, 0.1));
  return gradients;
}

double largest_difference(std::span<const float> a, std::span<const float> b) {
  double largest = a.size() == b.size() ? 0 : 1e9;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    const double difference = std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
    largest = std::isfinite(difference) ? std::max(largest, difference) : 1e9;
  }
  return largest;
}

double largest(std::span<const float> values) {
  return largest_difference(values, std::vector<float>(values.size()));
}

/// The same steps on both.
class Twins {
 public:
  Twins(const Kind& kind, const OptimizerSettings& settings)
      : plan_(make_plan(kind)),
        settings_(settings),
        layout_(make_layout(plan_)),
        shards_(make_shards()),
        cpu_(layout_, plan_.workload, settings_, RankId{0}, shards_, workers_),
        gpu_(layout_, plan_.workload, settings_, RankId{0}, kSeed, stream_.get()) {}

  void train() {
    run_ranks(1, [&](Communicator& comm) {
      for (std::int64_t step = 0; step < kSteps; ++step) train_step(comm, step);
    });
  }
  void train_step(Communicator& comm, std::int64_t step) {
    input_.run(comm, layout_, make_batch(plan_.workload, step));
    cpu_.start(input_);
    cpu_.look_up(input_.sources());
    gpu_.look_up(input_);
    expect_equal_pooled(step);
    const std::vector<float> gradients = make_gradients(cpu_.matrix().size(), step);
    std::copy(gradients.begin(), gradients.end(), cpu_.matrix().begin());
    copy_to_device(gpu_.matrix().data, gradients.data(), gradients.size() * sizeof(float),
                   stream_.get());
    wait_for(stream_.get());
    cpu_.group_rows(input_);
    gpu_.group_rows();
    const double squares = cpu_.sum_all_squares();
    EXPECT_NEAR(gpu_.sum_all_squares(), squares, 1e-5 * squares);
    update(comm, {.learning_rate = 0.05F, .gradient_scale = 0.5F, .step = step + 1});
  }
  const std::vector<ShardedEmbeddings::LocalShard>& cpu_shards() const { return shards_; }
  std::vector<ShardedEmbeddings::LocalShard> gpu_shards() const { return gpu_.download(); }
  const Plan& plan() const { return plan_; }

 private:
  std::vector<ShardedEmbeddings::LocalShard> make_shards() {
    std::vector<ShardedEmbeddings::LocalShard> made;
    for (const Shard& shard : layout_.owners[0].shards) {
      const Table& table = plan_.workload.table(shard.table);
      made.push_back({shard, initial_weights(kSeed, table, shard, workers_),
                      initial_state(table, shard, settings_, workers_)});
    }
    return made;
  }

  /// The same bits while the weights have them; see expect_equal().
  void expect_equal_pooled(std::int64_t step) {
    const std::vector<float> cpu(cpu_.matrix().begin(), cpu_.matrix().end());
    const std::vector<float> gpu = to_host(gpu_.matrix());
    if (step == 0) {
      EXPECT_EQ(gpu, cpu);
    } else {
      EXPECT_LE(largest_difference(cpu, gpu), 1e-5 * largest(cpu)) << "step " << step;
    }
  }

  void update(Communicator& comm, const StepSize& step) {
    ASSERT_EQ(gpu_.shares_squares(), cpu_.shares_squares());
    if (cpu_.shares_squares()) {
      cpu_.sum_row_squares(step);
      cpu_.exchange_squares(comm);
      gpu_.sum_row_squares(step);
      gpu_.exchange_squares(comm);
    }
    cpu_.update(step);
    gpu_.update(step);
  }

  std::vector<float> to_host(const DeviceMatrix& matrix) {
    std::vector<float> values(static_cast<std::size_t>(matrix.rows * matrix.columns));
    copy_to_host(values.data(), matrix.data, values.size() * sizeof(float), stream_.get());
    wait_for(stream_.get());
    return values;
  }

  Plan plan_;
  OptimizerSettings settings_;
  ExchangeLayout layout_;
  OwnedStream stream_;
  Workers workers_{1};
  std::vector<ShardedEmbeddings::LocalShard> shards_;
  OwnedTables cpu_;
  DeviceTables gpu_;
  InputExchange input_;
};

OptimizerSettings settings_of(const Kind& kind) {
  OptimizerSettings settings;
  settings.initial_accumulator = 0.01F;
  settings.weight_decay = 0.01F;
  settings.momentum = kind.optimizer == OptimizerKind::sgd && kind.cut ? 0.9F : 0.0F;
  settings.ftrl_beta = 1;
  settings.ftrl_l1 = 1e-4F;
  return settings;
}

/// Rows of few ids have the same bits, but for what comes from a row statistic, which is a sum in
/// another order.
void expect_equal(const Kind& kind, const Table& table, const LineVector<float>& cpu,
                  const LineVector<float>& gpu) {
  constexpr std::int64_t kFewRows = 3;
  if (table.rows > kFewRows && !has_row_statistic(kind.optimizer)) {
    EXPECT_EQ(cpu, gpu) << table.name;
    return;
  }
  EXPECT_LE(largest_difference(cpu, gpu), 1e-5 * largest(cpu)) << table.name;
}

using Parameters = std::tuple<OptimizerKind, PoolingMode, bool, bool>;

std::string name_of(const testing::TestParamInfo<Parameters>& info) {
  const auto [optimizer, mode, weighted, cut] = info.param;
  return fmt::format("{}_{}{}{}", to_string(optimizer), to_string(mode),
                     weighted ? "_weighted" : "", cut ? "_cut" : "");
}

class DeviceTablesTest : public testing::TestWithParam<Parameters> {
 protected:
  void SetUp() override {
    if (report_cuda().devices == 0) GTEST_SKIP() << "no CUDA device";
  }
};

TEST_P(DeviceTablesTest, EqualsTheTablesOfACpu) {
  const auto [optimizer, mode, weighted, cut] = GetParam();
  const Kind kind{optimizer, mode, weighted, cut};
  Twins twins(kind, settings_of(kind));
  twins.train();
  const std::vector<ShardedEmbeddings::LocalShard> gpu = twins.gpu_shards();
  ASSERT_EQ(gpu.size(), twins.cpu_shards().size());
  for (std::size_t s = 0; s < gpu.size(); ++s) {
    const ShardedEmbeddings::LocalShard& cpu = twins.cpu_shards()[s];
    const Table& table = twins.plan().workload.table(cpu.shard.table);
    expect_equal(kind, table, cpu.weights, gpu[s].weights);
    expect_equal(kind, table, cpu.state, gpu[s].state);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, DeviceTablesTest,
    testing::Combine(testing::Values(OptimizerKind::sgd, OptimizerKind::adagrad,
                                     OptimizerKind::rowwise_adagrad, OptimizerKind::adam,
                                     OptimizerKind::rowwise_adam, OptimizerKind::ftrl),
                     testing::Values(PoolingMode::sum, PoolingMode::mean), testing::Bool(),
                     testing::Bool()),
    name_of);

TEST(DeviceTables, HaveTheSameBitsFromRunToRun) {
  if (report_cuda().devices == 0) GTEST_SKIP() << "no CUDA device";
  const Kind kind{OptimizerKind::rowwise_adagrad, PoolingMode::sum, false, false};
  std::vector<std::vector<ShardedEmbeddings::LocalShard>> runs;
  for (int run = 0; run < 2; ++run) {
    Twins twins(kind, settings_of(kind));
    twins.train();
    runs.push_back(twins.gpu_shards());
  }
  for (std::size_t s = 0; s < runs[0].size(); ++s) {
    EXPECT_EQ(runs[0][s].weights, runs[1][s].weights);
    EXPECT_EQ(runs[0][s].state, runs[1][s].state);
  }
}

TEST(DeviceTables, GoOnFromWhatWasBroughtToTheHost) {
  if (report_cuda().devices == 0) GTEST_SKIP() << "no CUDA device";
  const Kind kind{OptimizerKind::rowwise_adam, PoolingMode::sum, false, true};
  Twins trained(kind, settings_of(kind));
  trained.train();
  const std::vector<ShardedEmbeddings::LocalShard> saved = trained.gpu_shards();
  const OptimizerSettings settings = settings_of(kind);
  const ExchangeLayout layout = make_layout(trained.plan());
  const OwnedStream stream;
  DeviceTables fresh(layout, trained.plan().workload, settings, RankId{0}, kSeed, stream.get());
  std::size_t next = 0;
  fresh.restore([&](ShardedEmbeddings::LocalShard& shard) {
    EXPECT_NE(shard.weights, saved[next].weights);
    shard.weights = saved[next].weights;
    shard.state = saved[next++].state;
  });
  const std::vector<ShardedEmbeddings::LocalShard> restored = fresh.download();
  for (std::size_t s = 0; s < saved.size(); ++s) {
    EXPECT_EQ(restored[s].weights, saved[s].weights);
    EXPECT_EQ(restored[s].state, saved[s].state);
  }
}

TEST(DeviceTables, NameAnIdOutsideItsTable) {
  if (report_cuda().devices == 0) GTEST_SKIP() << "no CUDA device";
  const Plan plan = make_plan({});
  const ExchangeLayout layout = make_layout(plan);
  const OptimizerSettings settings;
  const OwnedStream stream;
  DeviceTables tables(layout, plan.workload, settings, RankId{0}, kSeed, stream.get());
  Batch batch = make_batch(plan.workload, 0);
  batch.features[2].ids[0] = 900;  // the second feature of t2, which has 900 rows
  std::int64_t sample = 0;
  while (batch.features[2].lengths[static_cast<std::size_t>(sample)] == 0) ++sample;
  InputExchange input;
  run_ranks(1, [&](Communicator& comm) { input.run(comm, layout, batch); });
  tables.look_up(input);
  try {
    tables.require_legal_ids();
    FAIL() << "no error";
  } catch (const InputError& error) {
    EXPECT_NE(
        std::string(error.what())
            .find(fmt::format("Feature 'second' of table 't2' has id 900 in sample {} ", sample)),
        std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace shardwright
