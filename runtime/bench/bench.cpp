#include "runtime/bench/bench.hpp"

#include "costmodel/errors.hpp"
#include "planner/plan_json.hpp"
#include "planner/rate_plan.hpp"
#include "runtime/bench/resident_memory.hpp"
#include "runtime/bench/synthetic_batches.hpp"
#include "runtime/comm/collectives.hpp"
#include "runtime/comm/turns.hpp"
#include "runtime/embedding/sharded_embeddings.hpp"
#include "runtime/model/dense_model.hpp"
#include "runtime/trainer/gather.hpp"
#include "runtime/trainer/phase_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <numeric>
#include <optional>
#include <utility>

namespace shardwright {
namespace {

constexpr std::int64_t kDenseFeatures = 13;
constexpr double kLearningRate = 0.01;

DlrmConfig model_of(const Plan& plan) {
  DlrmConfig model;
  model.num_dense = kDenseFeatures;
  model.embedding_dim = plan.workload.tables.front().dim;
  for (const Table& table : plan.workload.tables) {
    model.num_features += std::ssize(table.features);
    if (table.dim == model.embedding_dim) continue;
    throw InputError(fmt::format(
        "Table {} has dim {} and table {} dim {}; the dense part takes dot products of vectors of "
        "one width: bench this plan without --dense.",
        table.name, table.dim, plan.workload.tables.front().name, model.embedding_dim));
  }
  model.bottom_mlp = {64, model.embedding_dim};
  model.top_mlp = {128, 64, 1};
  return model;
}

/// One rank's measurement of one step.
struct StepTimes {
  StepReport report;
  double ms = 0;
};

/// Trains one rank on synthetic batches.
class Bench {
 public:
  Bench(Communicator& comm, const Plan& plan, const BenchOptions& options)
      : comm_(comm),
        batches_(plan.workload, options.dense ? kDenseFeatures : 0, options.zipf, options.seed),
        embeddings_(plan, comm, {.seed = options.seed}),
        pooled_(static_cast<std::size_t>((plan.workload.batch_size + comm.size() - 1) /
                                         comm.size() * embeddings_.pooled_columns())) {
    if (options.dense) dense_.emplace(model_of(plan), dense_optimizer(options), options.seed);
    gradient_ = pooled_;
  }

  StepTimes step(std::int64_t number) {
    const Batch batch = batches_.make(number, comm_.rank().value(), comm_.size());
    const auto values = static_cast<std::size_t>(batch.size * embeddings_.pooled_columns());
    const std::span<float> pooled = std::span(pooled_).first(values);
    const std::span<float> gradient = std::span(gradient_).first(values);
    comm_.barrier();
    StepTimes times;
    const double start = comm_.clock_ms();
    embeddings_.forward(batch, pooled);
    times.report.ms(StepPhase::dense) = timed([&] { find_gradient(batch, pooled, gradient); });
    embeddings_.backward(gradient, static_cast<float>(kLearningRate));
    if (dense_) train_dense(times.report);
    times.ms = comm_.clock_ms() - start;
    add_phases(embeddings_.phases(), times.report);
    return times;
  }

 private:
  static OptimizerKind dense_optimizer(const BenchOptions& options) {
    return options.optimizer == OptimizerKind::sgd ? OptimizerKind::sgd : OptimizerKind::adagrad;
  }

  template <class Work>
  double timed(Work work) {
    const double start = comm_.clock_ms();
    work();
    return comm_.clock_ms() - start;
  }

  void find_gradient(const Batch& batch, std::span<const float> pooled, std::span<float> gradient) {
    if (dense_) {
      dense_->forward_backward(batch.dense, pooled, batch.labels, batch.global_size, gradient);
      return;
    }
    const float share = 1.0F / static_cast<float>(batch.global_size);
    for (std::size_t i = 0; i < pooled.size(); ++i) gradient[i] = share * pooled[i];
  }

  void train_dense(StepReport& report) {
    const std::int64_t sent = comm_.traffic().bytes_sent;
    report.ms(StepPhase::dense_all_reduce) =
        timed([&] { ordered_all_reduce(comm_, dense_->gradients()); });
    report.bytes(StepTraffic::dense) = comm_.traffic().bytes_sent - sent;
    report.ms(StepPhase::dense_update) = timed([&] { dense_->apply_gradients(kLearningRate); });
  }

  Communicator& comm_;
  SyntheticBatches batches_;
  ShardedEmbeddings embeddings_;
  std::vector<float> pooled_;
  std::vector<float> gradient_;
  std::optional<DenseModel> dense_;
};

/// All ranks' times of every step, [rank][step].
std::vector<std::vector<StepTimes>> gather_times(Communicator& comm,
                                                 const std::vector<StepTimes>& mine) {
  std::string bytes(mine.size() * sizeof(StepTimes), '\0');
  std::memcpy(bytes.data(), mine.data(), bytes.size());
  std::vector<std::vector<StepTimes>> all;
  for (const std::string& text : all_gather(comm, bytes)) {
    std::vector<StepTimes>& times = all.emplace_back(mine.size());
    std::memcpy(times.data(), text.data(), text.size());
  }
  return all;
}

double composed_ms(const StepStatistics& step) {
  return std::accumulate(step.max_ms.begin(), step.max_ms.end(), 0.0);
}

void add_steps(const std::vector<std::vector<StepTimes>>& ranks, BenchResult& result) {
  for (std::size_t step = 0; step < ranks.front().size(); ++step) {
    std::vector<StepReport> reports;
    double slowest_ms = 0;
    for (const std::vector<StepTimes>& times : ranks) {
      reports.push_back(times[step].report);
      slowest_ms = std::max(slowest_ms, times[step].ms);
    }
    const StepStatistics statistics = statistics_of(reports);
    result.sums += statistics;
    result.step_ms.push_back(result.took_turns ? composed_ms(statistics) : slowest_ms);
  }
}

std::vector<StepTimes> run_steps(Communicator& comm, const Plan& plan,
                                 const BenchOptions& options) {
  std::unique_ptr<Bench> bench;
  run_together(comm, [&] { bench = std::make_unique<Bench>(comm, plan, options); });
  std::vector<StepTimes> times;
  for (std::int64_t step = 0; step < options.warmup_steps + options.steps; ++step) {
    const StepTimes measured = bench->step(step);
    if (step >= options.warmup_steps) times.push_back(measured);
  }
  return times;
}

}  // namespace

Plan plan_to_bench(Plan plan, const BenchOptions& options) {
  bool changed = false;
  for (Table& table : plan.workload.tables) {
    if (!options.optimizer || table.optimizer == *options.optimizer) continue;
    table.optimizer = *options.optimizer;
    changed = true;
  }
  if (options.batch_size > 0 && options.batch_size != plan.workload.batch_size) {
    plan.workload.batch_size = options.batch_size;
    changed = true;
  }
  if (plan.workload.batch_size < 1) {
    throw InputError("The plan has no batch size: give --batch-size.");
  }
  if (changed) rate_plan(plan, *make_cost_model(plan.cost_model));
  return plan;
}

BenchResult run_bench(Communicator& comm, const Plan& plan, const BenchOptions& options) {
  set_dense_threads(options.threads);
  BenchResult result;
  result.batch_size = plan.workload.batch_size;
  result.predicted = slowest_phases(plan.predicted);
  result.with_dense = options.dense;
  result.cost_model = plan.cost_model;
  result.plan_id = plan_id(plan);
  result.placement = find_placement(comm);
  result.took_turns = options.may_take_turns && result.placement.hosts == 1 &&
                      result.placement.most_ranks_per_host > result.placement.cores_of_that_host;
  MemoryMeasurement memory;
  const ResidentMemory before = resident_memory();
  std::vector<StepTimes> times;
  if (result.took_turns) {
    times = run_steps(*take_turns(comm), plan, options);
  } else {
    times = run_steps(comm, plan, options);
  }
  memory.peak_bytes = resident_memory().peak_bytes - before.now_bytes;
  if (!plan.predicted.empty()) {
    memory.predicted_bytes = plan.predicted[comm.rank().index()].memory.value();
  }
  add_steps(gather_times(comm, times), result);
  result.memory = gather(comm, memory);
  return result;
}

}  // namespace shardwright
