#include "runtime/bench/bench.hpp"

#include "costmodel/errors.hpp"
#include "planner/plan_json.hpp"
#include "planner/rate_plan.hpp"
#include "runtime/bench/quiet_steps.hpp"
#include "runtime/bench/rank_run.hpp"
#include "runtime/bench/resident_memory.hpp"
#include "runtime/comm/collectives.hpp"
#include "runtime/comm/turns.hpp"
#include "runtime/model/dense_model.hpp"
#include "runtime/trainer/gather.hpp"
#include "runtime/trainer/phase_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <numeric>

namespace shardwright {
namespace {

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

/// Orders the times of each phase among one rank's steps. Ranks that take turns meet a disturbance
/// at different steps: the slowest of unordered ones would be a disturbed one at most steps.
void sort_phases(std::vector<StepTimes>& steps) {
  std::vector<double> times(steps.size());
  for (std::size_t phase = 0; phase < kStepPhaseNames.size(); ++phase) {
    const auto ms = [phase](StepTimes& step) -> double& { return step.report.phase_ms[phase]; };
    std::transform(steps.begin(), steps.end(), times.begin(), ms);
    std::sort(times.begin(), times.end());
    for (std::size_t i = 0; i < steps.size(); ++i) ms(steps[i]) = times[i];
  }
}

void add_steps(std::vector<std::vector<StepTimes>> ranks, BenchResult& result) {
  if (result.took_turns) std::for_each(ranks.begin(), ranks.end(), sort_phases);
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

/// The mean of the ranks' medians.
MachineProbe usual_probe(const std::vector<std::vector<StepTimes>>& ranks) {
  std::vector<MachineProbe> usual;
  for (const std::vector<StepTimes>& times : ranks) {
    std::vector<MachineProbe> probes(times.size());
    std::transform(times.begin(), times.end(), probes.begin(),
                   [](const StepTimes& step) { return step.probe; });
    usual.push_back(median_probe(probes));
  }
  return mean_probe(usual);
}

/// The median over the steps of the slowest rank's time; with turns, of the composed one.
StepsWithout steps_without(Communicator& comm, const TimesWithout& mine, bool took_turns) {
  BenchResult steps;
  steps.took_turns = took_turns;
  add_steps(gather_times(comm, mine.times), steps);
  return {mine.phase, steps.quantile_ms(0.5)};
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

bool ranks_take_turns(const RankPlacement& placement, const BenchOptions& options) {
  return options.may_take_turns && options.backend.backend == Backend::cpu &&
         placement.hosts == 1 && placement.shares_cores();
}

MemoryMeasurement memory_of(std::int64_t peak_bytes, const Plan& plan, RankId rank) {
  MemoryMeasurement memory;
  memory.peak_bytes = peak_bytes;
  if (!plan.predicted.empty()) {
    memory.predicted_bytes = plan.predicted[rank.index()].memory.value();
  }
  return memory;
}

/// What all ranks know of their runs of a plan, beside what `common` says of every plan.
BenchResult result_of(Communicator& comm, const Plan& plan, const RankRun& run,
                      const BenchOptions& options, const BenchResult& common) {
  BenchResult result = common;
  result.batch_size = plan.workload.batch_size;
  result.predicted = slowest_phases(plan.predicted);
  result.cost_model = plan.cost_model;
  result.plan_id = plan_id(plan);
  std::vector<std::vector<StepTimes>> times = gather_times(comm, run.times);
  result.steps_taken = static_cast<std::int64_t>(run.times.size());
  keep_quiet_steps(times, static_cast<std::size_t>(options.steps), !result.took_turns);
  result.probe = usual_probe(times);
  add_steps(std::move(times), result);
  for (const TimesWithout& without : run.without) {
    result.without.push_back(steps_without(comm, without, result.took_turns));
  }
  if (run.device) result.device = gather(comm, rates_of(*run.device, run.times));
  return result;
}

/// What training does is the same: constraints are the planner's, reuse is the cost model's.
bool are_of_one_work(Workload a, Workload b) {
  for (Workload* workload : {&a, &b}) {
    for (Table& table : workload->tables) {
      table.constraints = {};
      table.reuse.reset();
      table.reuse_batch_size.reset();
    }
  }
  return a == b;
}

void check_comparable(std::span<const Plan> plans, const BenchOptions& options) {
  if (plans.size() > 1 && options.overlap) {
    throw UsageError("With --overlap, bench times one plan: give one, or leave out --overlap.");
  }
  for (const Plan& plan : plans) {
    if (are_of_one_work(plan.workload, plans.front().workload)) continue;
    throw UsageError(
        fmt::format("Plan {} is of other tables, or of another batch size, than plan {}: bench "
                    "compares plans of one workload; bench these apart.",
                    plan_id(plan), plan_id(plans.front())));
  }
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
  if (options.unique_rows) {
    choose_unique_rows(plan, *make_cost_model(plan.cost_model), *options.unique_rows);
  }
  return plan;
}

BenchResult run_bench(Communicator& comm, const Plan& plan, const BenchOptions& options) {
  return run_benches(comm, std::span(&plan, 1), options).front();
}

std::vector<BenchResult> run_benches(Communicator& comm, std::span<const Plan> plans,
                                     const BenchOptions& chosen) {
  check_comparable(plans, chosen);
  set_dense_threads(chosen.threads);
  BenchResult common;
  common.placement = find_placement(comm);
  common.took_turns = ranks_take_turns(common.placement, chosen);
  common.with_dense = chosen.dense;
  BenchOptions options = chosen;
  options.overlap =
      options.overlap && !common.took_turns && options.backend.backend == Backend::cpu;
  common.overlap = options.overlap;
  std::unique_ptr<Disturbance> disturbance;
  if (options.patience_s > 0) disturbance = std::make_unique<Disturbance>();
  const ResidentMemory before = resident_memory();
  std::vector<RankRun> runs = common.took_turns
                                  ? run_steps(*take_turns(comm), plans, options, disturbance.get())
                                  : run_steps(comm, plans, options, disturbance.get());
  const std::int64_t resident_bytes = resident_memory().peak_bytes - before.now_bytes;
  std::vector<BenchResult> results;
  for (std::size_t p = 0; p < plans.size(); ++p) {
    results.push_back(result_of(comm, plans[p], runs[p], options, common));
  }
  if (plans.size() == 1) {
    const RankRun& run = runs.front();
    const std::int64_t peak = run.device ? run.device_bytes : resident_bytes;
    results.front().memory = gather(comm, memory_of(peak, plans.front(), comm.rank()));
  }
  return results;
}

}  // namespace shardwright
