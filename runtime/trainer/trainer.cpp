#include "runtime/trainer/trainer.hpp"

#include "runtime/checkpoint/model_folder.hpp"
#include "runtime/checkpoint/saved_model.hpp"
#include "runtime/comm/collectives.hpp"
#include "runtime/data/read_ahead.hpp"
#include "runtime/measured/job_watch.hpp"
#include "runtime/measured/step_prober.hpp"
#include "runtime/metrics/job_metrics.hpp"
#include "runtime/metrics/resident_bytes.hpp"
#include "runtime/profile/processor_name.hpp"
#include "runtime/trainer/exchange_check.hpp"
#include "runtime/trainer/gather.hpp"
#include "runtime/trainer/job_checkpoints.hpp"
#include "runtime/trainer/job_identity.hpp"
#include "runtime/trainer/rank_model.hpp"
#include "runtime/trainer/stopwatch.hpp"
#include "runtime/trainer/training_inputs.hpp"
#include "runtime/trainer/visible_phase.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace shardwright {
namespace {

/// Timings to be recorded are of computing alone.
bool overlaps(const TrainConfig& config) {
  return config.overlap && config.backend.backend == Backend::cpu &&
         config.watch.record_timings.empty();
}

TrainingInputs open_together(Communicator& comm, const TrainConfig& config) {
  std::optional<TrainingInputs> inputs;
  nlohmann::json identity;
  run_together(comm, [&] {
    inputs.emplace(open_training_inputs(config, comm.size()));
    identity = job_identity(config, *inputs);
    inputs->identity = identity;
    inputs->job_id = job_id(identity);
    // These change nothing that is computed, but when the ranks meet.
    identity["checkpoint_every"] = config.checkpoint_every;
    identity["checkpoint_keep"] = config.checkpoint_keep;
    identity["overlap"] = overlaps(config);
    identity["resume"] = names_folder(config.resume) ? "a folder" : config.resume;
  });
  require_same_job(comm, identity);
  return std::move(*inputs);
}

std::unique_ptr<RankModel> make_model(Communicator& comm, const TrainConfig& config,
                                      const TrainingInputs& inputs) {
  const RankModelSpec spec{
      .plan = inputs.plan,
      .dense = inputs.model,
      .dense_optimizer = inputs.dense_optimizer,
      .seed = config.seed,
      .wire = config.wire,
      .threads = config.threads,
      .embedding_optimizer = inputs.embedding_optimizer,
      .gradient_clip_norm = config.optimizer_keys.gradient_clip_norm.value_or(0),
      .overlap = overlaps(config),
      .communication_thread = config.communication_thread};
  return make_rank_model(comm, spec, config.backend);
}

/// Timings are of the operator that compute models are of.
void require_recordable(const TrainConfig& config) {
  if (config.watch.record_timings.empty()) return;
  if (config.threads == 1 && config.backend.backend == Backend::cpu) return;
  throw UsageError(
      "record_timings takes timings for compute models of one CPU thread a rank: use `threads` 1 "
      "and `device` cpu, or leave it out.");
}

/// One training job on one rank.
class TrainingJob {
 public:
  TrainingJob(Communicator& comm, const TrainConfig& config, const TrainSurroundings& surroundings)
      : comm_(comm),
        config_(config),
        surroundings_(surroundings),
        inputs_(open_together(comm, config)),
        reader_(inputs_.train.data, inputs_.batch_size, comm.rank().value(), shares(),
                config.reading.shuffle ? std::optional(config.seed) : std::nullopt),
        ahead_(read_ahead(inputs_.train, reader_, num_steps())),
        progress_(progress_options(), config.epochs, num_steps()),
        metrics_(config.metrics, num_steps(),
                 [this](const std::string& sentence) { progress_.say(sentence); }),
        exchange_check_(inputs_.plan),
        checkpoints_(comm, config, inputs_, surroundings.made_by, metrics_,
                     [this](const std::string& sentence) { progress_.say(sentence); }) {}

  TrainSummary run() {
    start();
    try {
      train_and_evaluate();
    } catch (const CollectiveError& error) {
      if (error.code() != ExitCode::interrupted || !checkpoints_.enabled()) throw;
      throw CollectiveError(
          error.code(),
          fmt::format("{} {}", error.what(), checkpoints_.write_before_end(*model_, summary_)));
    }
    measure_memory();
    finish();
    return summary_;
  }

 private:
  bool is_first() const { return comm_.rank() == RankId{0}; }

  BatchShares shares() const {
    if (config_.rank_batch_sizes.empty()) return BatchShares(comm_.size());
    return BatchShares(config_.rank_batch_sizes);
  }

  ProgressOptions progress_options() const {
    ProgressOptions options = surroundings_.progress;
    options.steps_between = config_.progress_every;
    if (!is_first()) options.write = nullptr;
    return options;
  }

  std::int64_t num_steps() const {
    const std::int64_t batches = reader_.num_batches();
    const std::int64_t epochs = config_.epochs;
    const std::int64_t most = config_.max_steps.value_or(std::numeric_limits<std::int64_t>::max());
    return epochs > most / batches ? most : std::min(most, epochs * batches);
  }

  void start() {
    show_phase("ini");
    for (const std::string& note : inputs_.notes) progress_.say(note);
    summary_.placement = find_placement(comm_);
    run_together(comm_, [&] {
      claim_output();
      start_watch();
    });
    set_dense_threads(config_.threads);
    model_ = make_model(comm_, config_, inputs_);
    resume();
    summary_.predicted = slowest_phases(inputs_.plan.predicted);
    summary_.plan_id = inputs_.plan_id;
    summary_.job_id = inputs_.job_id;
    progress_.say(fmt::format("Training on {} samples, {}, {} steps of {} samples.",
                              inputs_.train.data.size(), describe(summary_.placement), num_steps(),
                              inputs_.batch_size));
  }

  /// Before any time is spent: the output folder must be this job's alone, and what the model will
  /// replace must be a model.
  void claim_output() {
    if (!is_first()) return;
    if (!config_.output.empty() && config_.save_model) require_model_folder(model_folder());
    metrics_.open({inputs_.job_id, inputs_.plan_id, config_.output}, comm_.size());
    checkpoints_.claim();
  }

  void start_watch() {
    require_recordable(config_);
    if (!config_.watch.record_timings.empty() && !summary_.placement.shares_cores()) {
      prober_.emplace();
    }
    if (!is_first()) return;
    Plan plan = inputs_.plan;
    plan.workload.batch_size = inputs_.batch_size;
    watch_.emplace(JobWatch::Job{
        .options = config_.watch,
        .plan = std::move(plan),
        .plan_id = inputs_.plan_id,
        .hardware = config_.watch.record_timings.empty() ? "" : processor_name(),
        .hosts = summary_.placement.host_of_rank,
        .command = surroundings_.made_by.command,
        .say = [this](const std::string& sentence) { progress_.say(sentence); },
        .add_event = [this](const nlohmann::json& event) { metrics_.add_event(event); }});
  }

  void resume() {
    const std::optional<std::int64_t> metrics_bytes = checkpoints_.resume(*model_, summary_);
    run_together(comm_, [&] { metrics_.start_after(metrics_bytes.value_or(0)); });
    if (!metrics_bytes) return;
    progress_.start_after(summary_.steps);
    summary_.epochs = summary_.steps / reader_.num_batches();
    metrics_.add_event({{"event", "resume"}, {"steps", summary_.steps}});
  }

  std::string model_folder() const { return config_.output + "/model"; }

  void train_and_evaluate() {
    const bool resumed = summary_.steps > 0;
    if (num_steps() == 0 || (resumed && ends_epoch())) evaluate();
    while (summary_.steps < num_steps()) {
      train_step();
      ++summary_.steps;
      if (checkpoint_due_) checkpoints_.try_to_write(*model_, summary_);
      if (ends_epoch()) evaluate();
    }
  }

  /// Whether an evaluation follows the steps taken so far.
  bool ends_epoch() const {
    return summary_.steps >= num_steps() || summary_.steps % reader_.num_batches() == 0;
  }

  void train_step() {
    const MachineProbe probe = probe_machine();
    show_phase("rea");
    Stopwatch stopwatch;
    read_batches();
    const double read_ms = stopwatch.lap_ms();
    const LearningRates rates = learning_rates(summary_.steps);
    StepReport report = model_->train(batch_, rates);
    report.ms(StepPhase::read) = read_ms;
    report.probe = probe;
    report.samples = batch_.size;
    report.seconds = stopwatch.seconds();
    metrics_.measure(summary_.steps, report);
    const bool asked = surroundings_.checkpoint_asked && surroundings_.checkpoint_asked();
    report.wants_checkpoint = checkpoints_.is_due(summary_.steps + 1, num_steps(), asked);
    const std::vector<StepReport> reports = gather(comm_, report);
    exchange_check_.require(summary_.steps, reports);
    const StepStatistics statistics = statistics_of(reports);
    record(statistics, rates);
    if (watch_) {
      metrics_.count([&] { watch_->add(summary_.steps, reports, statistics.phases); });
    }
  }

  /// Between steps, of which no phase waits for it.
  MachineProbe probe_machine() {
    if (!prober_) return {};
    const MachineProbe probe = prober_->next();
    if (probe.known()) comm_.barrier();
    return probe;
  }

  /// With overlap also the batch of the next step, unless an evaluation comes before it.
  void read_batches() {
    const std::int64_t next = summary_.steps + 1;
    if (has_next_) {
      std::swap(batch_, next_batch_);
    } else {
      read_together(inputs_.train, ahead_, summary_.steps, batch_);
    }
    has_next_ = overlaps(config_) && next < num_steps() && next % reader_.num_batches() != 0;
    if (!has_next_) return;
    read_together(inputs_.train, ahead_, next, next_batch_);
    model_->announce(next_batch_);
  }

  LearningRates learning_rates(std::int64_t step) const {
    const double dense = config_.optimizer_keys.dense_learning_rate.value_or(config_.learning_rate);
    return {learning_rate_at(inputs_.learning_rate, config_.learning_rate, step),
            learning_rate_at(inputs_.learning_rate, dense, step)};
  }

  /// Batches of the steps below `end`, counted over all epochs; borrows the others.
  ReadAhead read_ahead(const DataPart& part, const BatchReader& reader, std::int64_t end) const {
    return {[&](std::int64_t step, Batch& batch) { read_batch(part, reader, step, batch); }, end,
            config_.reading.ahead};
  }

  /// The ranks' one point of agreement per step: whatever is wrong on one ends all.
  void read_together(const DataPart& part, ReadAhead& ahead, std::int64_t step, Batch& batch) {
    run_together(comm_, [&] {
      metrics_.write_pending();
      if (surroundings_.interrupted && surroundings_.interrupted()) {
        throw Error(ExitCode::interrupted,
                    fmt::format("Interrupted after {} of {} steps; no model was saved.",
                                summary_.steps, num_steps()));
      }
      ahead.read(step, batch);
      check_ids(part, batch);
    });
  }

  /// The number of a sample alone does not tell in which part of the data to look for it.
  void check_ids(const DataPart& part, Batch& batch) {
    try {
      model_->check_ids(batch, config_.on_bad_id);
    } catch (const InputError& error) {
      throw InputError(fmt::format("{}: {}", part.folder, error.what()));
    }
  }

  void record(const StepStatistics& statistics, const LearningRates& rates) {
    const double loss = statistics.loss_sum / static_cast<double>(batch_.global_size);
    if (!std::isfinite(loss)) {
      throw CollectiveError(
          ExitCode::check_failed,
          fmt::format("The loss of step {} is not a number: the training has diverged. Lower the "
                      "learning rate or warm up longer.",
                      summary_.steps));
    }
    checkpoint_due_ = statistics.wants_checkpoint;
    summary_.sums += statistics;
    ++summary_.measured_steps;
    summary_.samples += batch_.global_size;
    summary_.seconds += statistics.seconds;
    summary_.last_loss = loss;
    progress_.add({summary_.epochs, summary_.steps, batch_.global_size, loss, statistics.seconds});
    TakenStep step{summary_.epochs, summary_.steps, batch_.global_size, loss, rates.embeddings};
    const OptimizerKeys& keys = config_.optimizer_keys;
    if (keys.dense_learning_rate) step.dense_learning_rate = rates.dense;
    if (keys.gradient_clip_norm) step.gradient_norm = statistics.gradient_norm;
    metrics_.add(step, statistics);
  }

  void evaluate() {
    show_phase("eva");
    const std::int64_t batches = reader_.num_batches();
    const std::int64_t epoch = std::max<std::int64_t>(summary_.steps - 1, 0) / batches;
    summary_.epochs = summary_.steps / batches;
    const BatchReader reader(inputs_.test.data, inputs_.batch_size, comm_.rank().value(), shares());
    ReadAhead ahead = read_ahead(inputs_.test, reader, reader.num_batches());
    std::vector<ScoredSample> scored;
    for (std::int64_t i = 0; i < reader.num_batches(); ++i) {
      read_together(inputs_.test, ahead, i, batch_);
      const std::span<const float> probabilities = model_->predict(batch_);
      for (std::size_t n = 0; n < probabilities.size(); ++n) {
        scored.push_back({probabilities[n], batch_.labels[n]});
      }
    }
    summary_.test = binary_metrics(comm_, scored);
    report_evaluation(epoch);
  }

  void report_evaluation(std::int64_t epoch) {
    const auto text = [](const std::optional<double>& value) {
      return value ? fmt::format("{:.6f}", *value) : std::string("undefined");
    };
    progress_.say(fmt::format("Test after step {} of {}: AUC {}, log loss {}, {} samples.",
                              summary_.steps, num_steps(), text(summary_.test.auc),
                              text(summary_.test.log_loss), summary_.test.samples));
    metrics_.add_evaluation(epoch, summary_.steps, summary_.test);
  }

  /// Of the GPUs: what a plan predicts beside what was taken.
  void measure_memory() {
    if (config_.backend.backend != Backend::cuda) return;
    MemoryMeasurement memory{.peak_bytes = model_->peak_device_bytes()};
    const std::vector<RankPrediction>& predicted = inputs_.plan.predicted;
    if (!predicted.empty()) {
      memory.predicted_bytes = predicted[comm_.rank().index()].memory.value();
    }
    summary_.device_memory = gather(comm_, memory);
  }

  void finish() {
    metrics_.finish();
    summary_.metrics = gather(comm_, metrics_.cost()).front();
    if (watch_) summary_.plan_check = watch_->finish(summary_.sums.phases);
    // First what has been found out: saving may fail.
    run_together(comm_, [&] {
      nlohmann::json event = summary_to_json(summary_);
      event["event"] = "summary";
      metrics_.add_event(event);
      metrics_.write_pending();
    });
    if (!config_.output.empty() && config_.save_model) save();
  }

  void save() {
    show_phase("sav");
    const std::string folder = model_folder();
    save_model(comm_, folder,
               {.plan = inputs_.plan,
                .plan_id = inputs_.plan_id,
                .job_id = inputs_.job_id,
                .shards = model_->local_shards(),
                .dense = model_->dense().parameters(),
                .config = train_config_to_json(config_),
                .made_by = surroundings_.made_by,
                .momentum = inputs_.embedding_optimizer.momentum});
    progress_.say(fmt::format("Saved the model to {}.", folder));
  }

  Communicator& comm_;
  const TrainConfig& config_;
  const TrainSurroundings& surroundings_;
  TrainingInputs inputs_;
  BatchReader reader_;
  ReadAhead ahead_;  ///< of the training part
  Progress progress_;
  JobMetrics metrics_;
  ExchangeCheck exchange_check_;
  JobCheckpoints checkpoints_;
  std::optional<JobWatch> watch_;     ///< on rank 0; says and adds by those above
  std::optional<StepProber> prober_;  ///< where timings are recorded, and ranks have cores
  std::unique_ptr<RankModel> model_;
  Batch batch_;
  Batch next_batch_;       ///< of the next step
  bool has_next_ = false;  ///< whether it has been read
  TrainSummary summary_;
  bool checkpoint_due_ = false;  ///< after the step just taken
};

}  // namespace

TrainSummary train(Communicator& comm, const TrainConfig& config,
                   const TrainSurroundings& surroundings) {
  return TrainingJob(comm, config, surroundings).run();
}

}  // namespace shardwright
