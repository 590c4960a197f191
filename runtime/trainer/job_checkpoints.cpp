#include "runtime/trainer/job_checkpoints.hpp"

#include "costmodel/errors.hpp"
#include "runtime/checkpoint/checkpoint_folders.hpp"
#include "runtime/checkpoint/saved_model.hpp"
#include "runtime/comm/collectives.hpp"
#include "runtime/trainer/training_progress.hpp"
#include "runtime/trainer/visible_phase.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

namespace shardwright {
namespace {

/// The dense part with its optimizer's state.
std::vector<DenseModel::Parameter> dense_of(const DenseModel& model) {
  std::vector<DenseModel::Parameter> dense = model.parameters();
  for (DenseModel::Parameter& state : model.optimizer_state()) {
    dense.push_back(std::move(state));
  }
  return dense;
}

}  // namespace

JobCheckpoints::JobCheckpoints(Communicator& comm, const TrainConfig& config,
                               const TrainingInputs& inputs, const MadeBy& made_by,
                               JobMetrics& metrics, Say say)
    : comm_(comm),
      config_(config),
      inputs_(inputs),
      made_by_(made_by),
      metrics_(metrics),
      say_(std::move(say)),
      interval_(parse_checkpoint_interval(config.checkpoint_every)) {}

void JobCheckpoints::claim() {
  if (!enabled()) return;
  if (config_.output.empty()) {
    throw InputError(
        "checkpoint_every is given, but no output folder to write checkpoints to: name one as "
        "\"output\" in the config or with --output.");
  }
  std::error_code error;
  std::filesystem::create_directories(folder(), error);
  if (error) {
    throw EnvironmentError(
        fmt::format("The folder {} cannot be made: {}.", folder(), error.message()));
  }
  remove_leftovers(folder());
}

std::optional<std::int64_t> JobCheckpoints::resume(RankModel& model, TrainSummary& summary) {
  const bool named = names_folder(config_.resume);
  if (config_.resume == "never" || (!named && config_.output.empty())) return std::nullopt;
  const auto point = find_resume_point(comm_, named ? config_.resume : folder(), say_);
  if (!point && !named) return std::nullopt;
  std::int64_t metrics_bytes = 0;
  run_together(comm_, [&] {
    if (!point) throw InputError(fmt::format("{} holds no checkpoint.", config_.resume));
    require_resumable(*point, inputs_, say_);
    load_model(*point, inputs_, model);
    const bool same_plan = point->index.plan_id == inputs_.plan_id;
    metrics_bytes = restore_progress(JsonView(point->index.progress, point->folder, "progress"),
                                     same_plan, summary);
    if (is_ours(*point)) keep_ours(*point);
  });
  last_step_ = summary.steps;
  say_(fmt::format("Going on from {}, after step {}.", point->folder, summary.steps));
  return is_ours(*point) ? metrics_bytes : 0;
}

bool JobCheckpoints::is_ours(const ResumePoint& point) const {
  namespace fs = std::filesystem;
  if (config_.output.empty()) return false;
  std::error_code ignored;  // what cannot be resolved is not ours
  const fs::path parent = fs::path(point.folder).parent_path();
  return fs::weakly_canonical(parent, ignored) == fs::weakly_canonical(folder(), ignored);
}

void JobCheckpoints::keep_ours(const ResumePoint& point) {
  if (comm_.rank() != RankId{0}) return;
  for (const std::int64_t step : checkpoint_steps(folder())) {
    ours_.push_back(step);
    // Later ones are damaged, or left aside.
    if (point.folder.ends_with(checkpoint_folder("", step))) return;
  }
}

bool JobCheckpoints::is_due(std::int64_t steps, std::int64_t all_steps, bool asked) const {
  if (!enabled() || comm_.rank() != RankId{0}) return asked && enabled();
  if (asked || (interval_.regularly() && steps == all_steps)) return true;
  if (interval_.steps) return steps % *interval_.steps == 0;
  return interval_.seconds && since_last_.seconds() >= *interval_.seconds;
}

void JobCheckpoints::try_to_write(RankModel& model, const TrainSummary& summary) {
  try {
    say_(fmt::format("Wrote the checkpoint {}.", write(model, summary)));
  } catch (const CollectiveError& error) {
    if (error.code() != ExitCode::environment && error.code() != ExitCode::usage) throw;
    say_(fmt::format("Training goes on without a checkpoint of step {}: {}", summary.steps,
                     error.what()));
  }
}

std::string JobCheckpoints::write_before_end(RankModel& model, const TrainSummary& summary) {
  try {
    if (summary.steps > 0 && last_step_ != summary.steps) write(model, summary);
  } catch (const CollectiveError& error) {
    return error.what();
  }
  return "The same command goes on from its last checkpoint.";
}

std::string JobCheckpoints::write(RankModel& model, const TrainSummary& summary) {
  show_phase("chk");
  const Stopwatch stopwatch;
  std::int64_t metrics_bytes = 0;
  run_together(comm_, [&] {
    metrics_.write_pending();
    metrics_bytes = metrics_.bytes();
  });
  std::string target = checkpoint_folder(folder(), summary.steps);
  save(target, model, summary, metrics_bytes);
  metrics_.add_event({{"event", "checkpoint"},
                      {"steps", summary.steps},
                      {"folder", target},
                      {"seconds", stopwatch.seconds()}});
  return target;
}

void JobCheckpoints::save(const std::string& target, RankModel& model, const TrainSummary& summary,
                          std::int64_t metrics_bytes) {
  since_last_ = Stopwatch();  // also after a failure: not again at every step
  save_model(comm_, target,
             {.plan = inputs_.plan,
              .plan_id = inputs_.plan_id,
              .job_id = inputs_.job_id,
              .shards = model.local_shards(),
              .dense = dense_of(model.dense()),
              .config = train_config_to_json(config_),
              .made_by = made_by_,
              .momentum = inputs_.embedding_optimizer.momentum,
              .kind = SavedKind::checkpoint,
              .identity = inputs_.identity,
              .progress = progress_to_json(summary, metrics_bytes)});
  last_step_ = summary.steps;
  run_together(comm_, [&] {
    if (comm_.rank() != RankId{0}) return;
    ours_.push_back(summary.steps);
    remove_old_ones();
  });
}

void JobCheckpoints::remove_old_ones() const {
  const auto keep = static_cast<std::size_t>(config_.checkpoint_keep);
  const std::size_t first = ours_.size() > keep ? ours_.size() - keep : 0;
  for (const std::int64_t step : checkpoint_steps(folder())) {
    if (std::find(ours_.begin() + static_cast<std::ptrdiff_t>(first), ours_.end(), step) ==
        ours_.end()) {
      remove_checkpoint(folder(), step);
    }
  }
}

}  // namespace shardwright
