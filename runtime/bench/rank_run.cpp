#include "runtime/bench/rank_run.hpp"

#include "costmodel/errors.hpp"
#include "runtime/bench/quiet_steps.hpp"
#include "runtime/bench/synthetic_batches.hpp"
#include "runtime/bench/turn_of_plans.hpp"
#include "runtime/comm/collectives.hpp"
#include "runtime/trainer/gather.hpp"
#include "runtime/trainer/stopwatch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
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
    if (table.mode == PoolingMode::none) {
      throw InputError(fmt::format(
          "Table {} has no pooling (mode none); the dense part takes pooled embeddings: bench this "
          "plan without --dense.",
          table.name));
    }
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

RankModelSpec spec_of(const Plan& plan, const BenchOptions& options) {
  RankModelSpec spec{.plan = plan,
                     .dense = {},
                     .seed = options.seed,
                     .threads = options.threads,
                     .overlap = options.overlap,
                     .communication_thread = options.communication_thread};
  if (options.dense) spec.dense = model_of(plan);
  if (options.optimizer == OptimizerKind::sgd) spec.dense_optimizer.kind = OptimizerKind::sgd;
  return spec;
}

/// Trains one rank on synthetic batches.
class Bench {
 public:
  Bench(Communicator& comm, const Plan& plan, const RankModelSpec& spec,
        const BenchOptions& options, Disturbance* disturbance)
      : comm_(comm),
        disturbance_(disturbance),
        overlap_(options.overlap),
        batches_(plan.workload, options.dense ? kDenseFeatures : 0, options.zipf, options.seed),
        model_(make_rank_model(comm, spec, options.backend)) {}

  StepTimes step(std::int64_t number) {
    if (!repeats_batch_) {
      batch_ = {};  // its memory, before the next one needs as much
      batch_ = overlap_ && next_ ? std::move(*next_) : make(number);
      if (overlap_) model_->announce(next_.emplace(make(number + 1)));
    }
    StepTimes times;
    const Moment before = moment();
    comm_.barrier();
    const double start = comm_.clock_ms();
    times.report = model_->train(batch_, {learning_rate_, learning_rate_});
    times.ms = comm_.clock_ms() - start;
    const Moment after = moment();
    times.disturbance = std::max(before.disturbance, after.disturbance);
    times.probe = mean_probe(std::array{before.probe, after.probe});
    return times;
  }

  /// The steps to come are for their time alone.
  void leave_out(StepPhase phase) {
    model_->leave_out(phase);
    learning_rate_ = 0;                                   // what they compute may be without bounds
    repeats_batch_ = phase == StepPhase::input_exchange;  // the ranks still have its ids
  }

  RankModel& model() { return *model_; }

 private:
  /// While all ranks do nothing else.
  Moment moment() {
    if (disturbance_ == nullptr) return {};
    comm_.barrier();
    const Moment now = disturbance_->now();
    comm_.barrier();
    return now;
  }

  Batch make(std::int64_t number) const {
    return batches_.make(number, comm_.rank().value(), comm_.size());
  }

  Communicator& comm_;
  Disturbance* disturbance_;
  bool overlap_;
  SyntheticBatches batches_;
  Batch batch_;
  std::optional<Batch> next_;  ///< of the next step, with overlap
  bool repeats_batch_ = false;
  double learning_rate_ = kLearningRate;
  std::unique_ptr<RankModel> model_;
};

/// Input exchange comes last: after it, steps would not get the batches that they expect.
std::vector<StepPhase> phases_to_leave_out(bool dense) {
  std::vector<StepPhase> phases = {StepPhase::lookup, StepPhase::output_exchange,
                                   StepPhase::gradient_exchange, StepPhase::update};
  if (dense) {
    phases.insert(phases.end(),
                  {StepPhase::dense, StepPhase::dense_all_reduce, StepPhase::dense_update});
  }
  phases.push_back(StepPhase::input_exchange);
  return phases;
}

std::vector<TimesWithout> run_without_phases(Communicator& comm, Bench& bench, std::int64_t step,
                                             const BenchOptions& options) {
  std::vector<TimesWithout> result;
  for (const StepPhase phase : phases_to_leave_out(options.dense)) {
    run_together(comm, [&] { bench.leave_out(phase); });
    bench.step(step++);
    TimesWithout& without = result.emplace_back(TimesWithout{phase, {}});
    for (const std::int64_t end = step + options.steps; step < end; ++step) {
      without.times.push_back(bench.step(step));
    }
  }
  return result;
}

std::vector<std::unique_ptr<Bench>> make_benches(Communicator& comm, std::span<const Plan> plans,
                                                 const BenchOptions& options,
                                                 Disturbance* disturbance) {
  std::vector<std::unique_ptr<Bench>> benches;
  for (const Plan& plan : plans) {
    std::optional<RankModelSpec> spec;
    run_together(comm, [&] { spec.emplace(spec_of(plan, options)); });
    benches.push_back(std::make_unique<Bench>(comm, plan, *spec, options, disturbance));
  }
  return benches;
}

/// The same answer on every rank.
bool has_enough(Communicator& comm, const std::vector<StepTimes>& times,
                const BenchOptions& options, const Stopwatch& spent) {
  if (static_cast<std::int64_t>(times.size()) < options.steps) return false;
  if (options.patience_s <= 0) return true;
  const bool mine = num_quiet(times) >= options.steps || spent.seconds() > options.patience_s;
  const std::vector<std::int64_t> votes = gather(comm, std::int64_t{mine});
  return std::find(votes.begin(), votes.end(), 0) == votes.end();
}

}  // namespace

std::vector<RankRun> run_steps(Communicator& comm, std::span<const Plan> plans,
                               const BenchOptions& options, Disturbance* disturbance) {
  std::vector<std::unique_ptr<Bench>> benches = make_benches(comm, plans, options, disturbance);
  std::vector<RankRun> runs(plans.size());
  std::int64_t step = 0;
  const auto turn_at = [&](std::int64_t number) {
    return take_turn(plans.size(), number, [&](std::size_t p) { return benches[p]->step(number); });
  };
  while (step < options.warmup_steps) turn_at(step++);
  const Stopwatch spent;
  do {
    const std::vector<StepTimes> turn = turn_at(step++);
    for (std::size_t p = 0; p < runs.size(); ++p) runs[p].times.push_back(turn[p]);
  } while (!has_enough(comm, runs.front().times, options, spent));
  for (std::size_t p = 0; p < runs.size(); ++p) {
    if (options.without_phases) {
      runs[p].without = run_without_phases(comm, *benches[p], step, options);
    }
    run_together(comm, [&] {
      runs[p].device_bytes = benches[p]->model().peak_device_bytes();
      runs[p].device = benches[p]->model().device_figures();
    });
  }
  return runs;
}

}  // namespace shardwright
