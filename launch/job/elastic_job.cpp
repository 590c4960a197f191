#include "launch/job/elastic_job.hpp"

#include "costmodel/errors.hpp"
#include "costmodel/json/write_file.hpp"
#include "launch/job/watched_process.hpp"
#include "launch/plan_under_model.hpp"
#include "planner/plan_json.hpp"
#include "planner/search/search.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <filesystem>
#include <set>

namespace shardwright {
namespace {

/// A job that is now on some of its ranks, now on all.
class ElasticJob {
 public:
  ElasticJob(const JobShape& shape, const ElasticOptions& options,
             const std::vector<std::string>& command)
      : options_(options), command_(command), full_(shape), now_(shape) {
    output_ = train_setting(command, "--output");
    require_checkpoints();
    plan_file_ = train_setting(command, "--plan");
    if (!plan_file_.empty()) plan_ = read_plan(plan_file_);
    if (plan_) topology_ = plan_->topology;
  }

  int run() {
    while (true) {
      note(fmt::format("started on {}", describe(now_)));
      const ProcessEnd end = run_once();
      if (end.code == 0 || end.asked_to_stop || !(end.out_of_time || may_restart(end.code))) {
        note(fmt::format("ended with exit code {}", end.code));
        return tell(end.code);
      }
      if (end.out_of_time) {
        grow();
      } else if (!shrink(end.code)) {
        return tell(end.code);
      }
    }
  }

 private:
  void require_checkpoints() const {
    const std::string every = train_setting(command_, "--checkpoint-every");
    if (!output_.empty() && !every.empty() && every != "never") return;
    throw UsageError(
        "--elastic goes on from checkpoints: give the training --output and --checkpoint-every.");
  }

  ProcessEnd run_once() {
    dead_.reset();
    std::vector<std::string> command = command_;
    if (plan_) {
      command.insert(command.end(), {"--plan", is_full() ? plan_file_ : plan_for_rest()});
    }
    const bool wants_more = !is_full() && options_.grow_after_seconds;
    return run_watched(mpirun_line(now_, command),
                       wants_more ? options_.grow_after_seconds : std::nullopt,
                       [this](const std::string& line) {
                         if (!dead_) dead_ = dead_rank(line);
                       });
  }

  bool is_full() const { return now_.ranks == full_.ranks; }

  /// Not what the user asked for, nor what would only come again.
  static bool may_restart(int code) {
    switch (static_cast<ExitCode>(code)) {
      case ExitCode::usage:
      case ExitCode::bad_input:
      case ExitCode::infeasible:
      case ExitCode::check_failed:
      case ExitCode::interrupted:
        return false;
      default:
        return true;
    }
  }

  bool shrink(int code) {
    const std::string what =
        dead_ ? fmt::format("rank {} died", *dead_) : fmt::format("exit code {}", code);
    if (restarts_ == options_.restarts || (dead_ && now_.ranks == 1)) {
      note(fmt::format("{}: the end, after {} restarts", what, restarts_));
      return false;
    }
    ++restarts_;
    if (dead_) remove_rank(*dead_);
    note(fmt::format("{}: restart {} of {}", what, restarts_, options_.restarts));
    return true;
  }

  /// Ranks fill the hosts in their order.
  void remove_rank(std::int64_t rank) {
    --now_.ranks;
    if (plan_ && rank < topology_.size()) topology_.ranks.erase(topology_.ranks.begin() + rank);
    for (auto host = now_.hosts.begin(); host != now_.hosts.end(); ++host) {
      if (rank < host->slots) {
        if (--host->slots == 0) now_.hosts.erase(host);
        return;
      }
      rank -= host->slots;
    }
  }

  void grow() {
    now_ = full_;
    if (plan_) topology_ = plan_->topology;
    note("stopped with a checkpoint, to go on on all ranks");
  }

  /// The same tables on the ranks that are left, with the types that the plan has.
  std::string plan_for_rest() {
    SearchOptions options;
    std::set<ShardingType> types(options.types.begin(), options.types.end());
    for (const Shard& shard : plan_->shards) types.insert(shard.type);
    options.types.assign(types.begin(), types.end());
    options.memory_model = plan_->memory_model;
    options.objective = plan_->objective;
    const auto cost_model = cost_model_for("", *plan_);
    SearchResult result = search_plan(plan_->workload, topology_, *cost_model, options);
    if (!result.plan) throw Error(ExitCode::infeasible, result.explanation);
    result.plan->made_by = {"shardwright launch --elastic", SHARDWRIGHT_VERSION, {}};
    const std::string folder = output_ + "/plans";
    std::filesystem::create_directories(folder);
    std::string file = fmt::format("{}/{}_ranks.json", folder, topology_.size());
    write_file(file, plan_to_text(*result.plan));
    note(fmt::format("planned for {} ranks: {}", topology_.size(), file));
    return file;
  }

  void note(const std::string& what) {
    events_.push_back(
        fmt::format("{:%Y-%m-%d %H:%M:%S}  {}", fmt::localtime(std::time(nullptr)), what));
    fmt::print(stderr, "launch: {}\n", events_.back());
  }

  int tell(int code) const {
    fmt::print(stderr, "launch: what happened, with {} restart{}:\n", restarts_,
               restarts_ == 1 ? "" : "s");
    for (const std::string& event : events_) fmt::print(stderr, "  {}\n", event);
    return code;
  }

  ElasticOptions options_;
  std::vector<std::string> command_;
  JobShape full_;
  JobShape now_;
  std::string output_;
  std::string plan_file_;
  std::optional<Plan> plan_;          ///< for all ranks; without one, `train` needs none
  Topology topology_;                 ///< of the ranks that are left
  std::optional<std::int64_t> dead_;  ///< in the last run
  std::int64_t restarts_ = 0;
  std::vector<std::string> events_;
};

}  // namespace

int run_elastic(const JobShape& shape, const ElasticOptions& options,
                const std::vector<std::string>& command) {
  return ElasticJob(shape, options, command).run();
}

}  // namespace shardwright
