#include "runtime/bench/bench.hpp"

#include "costmodel/errors.hpp"
#include "planner/plan_json.hpp"
#include "planner/rate_plan.hpp"
#include "runtime/bench/resident_memory.hpp"
#include "runtime/bench/synthetic_batches.hpp"
#include "runtime/comm/collectives.hpp"
#include "runtime/comm/turns.hpp"
#include "runtime/model/dense_model.hpp"
#include "runtime/trainer/gather.hpp"
#include "runtime/trainer/phase_table.hpp"
#include "runtime/trainer/rank_model.hpp"

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

RankModelSpec spec_of(const Plan& plan, const BenchOptions& options) {
  RankModelSpec spec{.plan = plan, .dense = {}, .seed = options.seed, .threads = options.threads};
  if (options.dense) spec.dense = model_of(plan);
  if (options.optimizer == OptimizerKind::sgd) spec.dense_optimizer.kind = OptimizerKind::sgd;
  return spec;
}

/// Trains one rank on synthetic batches.
class Bench {
 public:
  Bench(Communicator& comm, const Plan& plan, const RankModelSpec& spec,
        const BenchOptions& options)
      : comm_(comm),
        batches_(plan.workload, options.dense ? kDenseFeatures : 0, options.zipf, options.seed),
        model_(make_rank_model(comm, spec, options.backend)) {}

  StepTimes step(std::int64_t number) {
    const Batch batch = batches_.make(number, comm_.rank().value(), comm_.size());
    comm_.barrier();
    StepTimes times;
    const double start = comm_.clock_ms();
    times.report = model_->train(batch, {kLearningRate, kLearningRate});
    times.ms = comm_.clock_ms() - start;
    return times;
  }

  RankModel& model() { return *model_; }

 private:
  Communicator& comm_;
  SyntheticBatches batches_;
  std::unique_ptr<RankModel> model_;
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

/// What a rank finds in its own steps.
struct RankRun {
  std::vector<StepTimes> times;
  std::int64_t device_bytes = 0;
  std::optional<DeviceFigures> device;
};

RankRun run_steps(Communicator& comm, const Plan& plan, const BenchOptions& options) {
  std::optional<RankModelSpec> spec;
  run_together(comm, [&] { spec.emplace(spec_of(plan, options)); });
  Bench bench(comm, plan, *spec, options);
  RankRun run;
  for (std::int64_t step = 0; step < options.warmup_steps + options.steps; ++step) {
    const StepTimes measured = bench.step(step);
    if (step >= options.warmup_steps) run.times.push_back(measured);
  }
  run_together(comm, [&] {
    run.device_bytes = bench.model().peak_device_bytes();
    run.device = bench.model().device_figures();
  });
  return run;
}

DeviceRates rates_of(const DeviceFigures& figures, const std::vector<StepTimes>& times) {
  DeviceRates rates{.lookup_bytes = figures.lookup_bytes,
                    .update_bytes = figures.update_bytes,
                    .ids = figures.ids,
                    .unique_rows = figures.unique_rows,
                    .copy_gb_per_s = figures.copy_gb_per_s};
  const auto steps = static_cast<double>(times.size());
  for (StepTimes step : times) {
    rates.lookup_ms += step.report.ms(StepPhase::lookup) / steps;
    rates.update_ms += step.report.ms(StepPhase::update) / steps;
  }
  return rates;
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
  result.took_turns = options.may_take_turns && options.backend.backend == Backend::cpu &&
                      result.placement.hosts == 1 &&
                      result.placement.most_ranks_per_host > result.placement.cores_of_that_host;
  MemoryMeasurement memory;
  const ResidentMemory before = resident_memory();
  RankRun run;
  if (result.took_turns) {
    run = run_steps(*take_turns(comm), plan, options);
  } else {
    run = run_steps(comm, plan, options);
  }
  memory.peak_bytes =
      run.device ? run.device_bytes : resident_memory().peak_bytes - before.now_bytes;
  if (!plan.predicted.empty()) {
    memory.predicted_bytes = plan.predicted[comm.rank().index()].memory.value();
  }
  add_steps(gather_times(comm, run.times), result);
  result.memory = gather(comm, memory);
  if (run.device) result.device = gather(comm, rates_of(*run.device, run.times));
  return result;
}

}  // namespace shardwright
