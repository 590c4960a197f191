#include "runtime/trainer/trainer.hpp"

#include "runtime/checkpoint/model_folder.hpp"
#include "runtime/checkpoint/saved_model.hpp"
#include "runtime/comm/collectives.hpp"
#include "runtime/trainer/exchange_check.hpp"
#include "runtime/trainer/gather.hpp"
#include "runtime/trainer/job_identity.hpp"
#include "runtime/trainer/metrics_file.hpp"
#include "runtime/trainer/rank_model.hpp"
#include "runtime/trainer/stopwatch.hpp"
#include "runtime/trainer/training_inputs.hpp"

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

TrainingInputs open_together(Communicator& comm, const TrainConfig& config) {
  std::optional<TrainingInputs> inputs;
  nlohmann::json identity;
  run_together(comm, [&] {
    inputs.emplace(open_training_inputs(config, comm.size()));
    identity = job_identity(config, *inputs);
    inputs->job_id = job_id(identity);
  });
  require_same_job(comm, identity);
  return std::move(*inputs);
}

std::unique_ptr<RankModel> make_model(Communicator& comm, const TrainConfig& config,
                                      const TrainingInputs& inputs) {
  const RankModelSpec spec{.plan = inputs.plan,
                           .dense = inputs.model,
                           .dense_optimizer = inputs.dense_optimizer,
                           .seed = config.seed,
                           .wire = config.wire,
                           .threads = config.threads};
  return make_rank_model(comm, spec, config.backend);
}

/// One training job on one rank.
class TrainingJob {
 public:
  TrainingJob(Communicator& comm, const TrainConfig& config, const TrainSurroundings& surroundings)
      : comm_(comm),
        config_(config),
        surroundings_(surroundings),
        inputs_(open_together(comm, config)),
        reader_(inputs_.train.data, inputs_.batch_size, comm.rank().value(), comm.size()),
        progress_(progress_options(), config.epochs, num_steps()),
        exchange_check_(inputs_.plan) {}

  TrainSummary run() {
    start();
    while (summary_.steps < num_steps()) {
      const std::int64_t epoch = summary_.steps / reader_.num_batches();
      train_epoch();
      summary_.epochs = summary_.steps / reader_.num_batches();
      evaluate(epoch);
    }
    if (summary_.steps == 0) evaluate(0);
    measure_memory();
    finish();
    return summary_;
  }

 private:
  bool is_first() const { return comm_.rank() == RankId{0}; }

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
    for (const std::string& note : inputs_.notes) progress_.say(note);
    run_together(comm_, [&] { claim_output(); });
    set_dense_threads(config_.threads);
    model_ = make_model(comm_, config_, inputs_);
    summary_.placement = find_placement(comm_);
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
    if (!is_first() || config_.output.empty()) return;
    if (config_.save_model) require_model_folder(model_folder());
    metrics_.emplace(config_.output);
  }

  std::string model_folder() const { return config_.output + "/model"; }

  void train_epoch() {
    const std::int64_t batches = reader_.num_batches();
    for (std::int64_t i = 0; i < batches && summary_.steps < num_steps(); ++i) {
      train_step(i);
      ++summary_.steps;
    }
  }

  void train_step(std::int64_t batch_of_epoch) {
    Stopwatch stopwatch;
    read_together(inputs_.train, reader_, batch_of_epoch);
    const double read_ms = stopwatch.lap_ms();
    const double learning_rate = learning_rate_of(config_, summary_.steps);
    StepReport report = model_->train(batch_, learning_rate);
    report.ms(StepPhase::read) = read_ms;
    report.samples = batch_.size;
    report.seconds = stopwatch.seconds();
    const std::vector<StepReport> reports = gather(comm_, report);
    exchange_check_.require(summary_.steps, reports);
    record(statistics_of(reports), learning_rate);
  }

  /// The ranks' one point of agreement per step: whatever is wrong on one ends all.
  void read_together(const DataPart& part, const BatchReader& reader, std::int64_t step) {
    run_together(comm_, [&] {
      if (metrics_) metrics_->write_pending();
      if (surroundings_.interrupted && surroundings_.interrupted()) {
        throw Error(ExitCode::interrupted,
                    fmt::format("Interrupted after {} of {} steps; no model was saved.",
                                summary_.steps, num_steps()));
      }
      read_batch(part, reader, step, batch_);
      model_->check_ids(batch_, config_.on_bad_id);
    });
  }

  void record(const StepStatistics& statistics, double learning_rate) {
    const double loss = statistics.loss_sum / static_cast<double>(batch_.global_size);
    if (!std::isfinite(loss)) {
      throw CollectiveError(
          ExitCode::check_failed,
          fmt::format("The loss of step {} is not a number: the training has diverged. Lower the "
                      "learning rate or warm up longer.",
                      summary_.steps));
    }
    summary_.sums += statistics;
    summary_.samples += batch_.global_size;
    summary_.seconds += statistics.seconds;
    summary_.last_loss = loss;
    progress_.add({summary_.epochs, summary_.steps, batch_.global_size, loss, statistics.seconds});
    if (!metrics_) return;
    metrics_->add({{"event", "step"},
                   {"epoch", summary_.epochs},
                   {"step", summary_.steps},
                   {"loss", loss},
                   {"learning_rate", learning_rate},
                   {"samples", batch_.global_size},
                   {"samples_per_s", static_cast<double>(batch_.global_size) / statistics.seconds},
                   {"phase_ms", phase_ms_json(statistics, 1)},
                   {"bytes_sent", bytes_sent_json(statistics, 1)}});
  }

  void evaluate(std::int64_t epoch) {
    const BatchReader reader(inputs_.test.data, inputs_.batch_size, comm_.rank().value(),
                             comm_.size());
    std::vector<ScoredSample> scored;
    for (std::int64_t i = 0; i < reader.num_batches(); ++i) {
      read_together(inputs_.test, reader, i);
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
    if (!metrics_) return;
    const nlohmann::json summary = summary_to_json(summary_);
    metrics_->add({{"event", "evaluation"},
                   {"epoch", epoch},
                   {"steps", summary_.steps},
                   {"samples", summary_.test.samples},
                   {"auc", summary["auc"]},
                   {"log_loss", summary["log_loss"]}});
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
    // First what has been found out: saving may fail.
    run_together(comm_, [&] {
      if (!metrics_) return;
      nlohmann::json event = summary_to_json(summary_);
      event["event"] = "summary";
      metrics_->add(event);
      metrics_->write_pending();
    });
    if (!config_.output.empty() && config_.save_model) save();
  }

  void save() {
    const std::string folder = model_folder();
    save_model(comm_, folder,
               {.plan = inputs_.plan,
                .plan_id = inputs_.plan_id,
                .job_id = inputs_.job_id,
                .shards = model_->local_shards(),
                .dense = model_->dense().parameters(),
                .config = train_config_to_json(config_),
                .made_by = surroundings_.made_by});
    progress_.say(fmt::format("Saved the model to {}.", folder));
  }

  Communicator& comm_;
  const TrainConfig& config_;
  const TrainSurroundings& surroundings_;
  TrainingInputs inputs_;
  BatchReader reader_;
  Progress progress_;
  ExchangeCheck exchange_check_;
  std::optional<MetricsFile> metrics_;  ///< on rank 0, if there is an output folder
  std::unique_ptr<RankModel> model_;
  Batch batch_;
  TrainSummary summary_;
};

}  // namespace

TrainSummary train(Communicator& comm, const TrainConfig& config,
                   const TrainSurroundings& surroundings) {
  return TrainingJob(comm, config, surroundings).run();
}

double learning_rate_of(const TrainConfig& config, std::int64_t step) {
  if (step + 1 >= config.warmup_steps) return config.learning_rate;
  return config.learning_rate *
         (static_cast<double>(step + 1) / static_cast<double>(config.warmup_steps));
}

}  // namespace shardwright
