#include "launch/job/elastic_job.hpp"

#include "costmodel/errors.hpp"
#include "costmodel/json/write_file.hpp"
#include "launch/job/host_check.hpp"
#include "launch/job/hosted_job.hpp"
#include "launch/job/mpirun_words.hpp"
#include "launch/job/remaining_ranks.hpp"
#include "launch/job/watched_process.hpp"
#include "launch/plan_under_model.hpp"
#include "planner/check.hpp"
#include "planner/plan_json.hpp"
#include "planner/rate_plan.hpp"
#include "planner/search/search.hpp"
#include "planner/unique_rows.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <filesystem>
#include <set>

namespace shardwright {
namespace {

/// Lets these tables be exchanged as unique rows again where they can be, if all of them fit.
void keep_unique_rows(const std::vector<TableId>& tables, const CostModel& cost_model, Plan& plan) {
  for (const TableId table : tables) {
    if (why_not_unique_rows(plan, table).empty()) plan.unique_rows.push_back(table);
  }
  if (!check_plan(plan).empty()) plan.unique_rows.clear();
  if (!plan.unique_rows.empty()) rate_plan(plan, cost_model);
}

/// A job that is now on some of its ranks, now on all.
class ElasticJob {
 public:
  ElasticJob(const JobShape& shape, const ElasticOptions& options,
             const std::vector<std::string>& command)
      : options_(options), command_(command), full_{shape, {}} {
    output_ = train_setting(command, "--output");
    require_checkpoints();
    plan_file_ = train_setting(command, "--plan");
    if (!plan_file_.empty()) plan_ = read_plan(plan_file_);
    if (plan_) full_.topology = plan_->topology;
    now_ = full_;
    if (!shape.hosts.empty()) notice_lost_hosts();
  }

  int run() {
    while (true) {
      leave_out_silent_hosts();
      if (now_.shape.ranks == 0) return give_up("no host is left");
      note(fmt::format("started on {}", describe(now_.shape)));
      const ProcessEnd end = run_once();
      if (end.code == 0 || end.asked_to_stop || !(end.out_of_time || may_restart(end.code))) {
        note(fmt::format("ended with exit code {}", end.code));
        return tell(end.code);
      }
      if (end.out_of_time && !end.killed) {
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
    lost_.reset();
    std::vector<std::string> command = command_;
    if (plan_) {
      command.insert(command.end(), {"--plan", is_full() ? plan_file_ : plan_for_rest()});
    }
    WatchRules rules;
    if (!is_full()) rules.most_seconds = options_.grow_after_seconds;
    rules.is_due = [this] { return can_grow(); };
    rules.hear = [this](const std::string& line) {
      if (!dead_) dead_ = dead_rank(line);
      if (!lost_) lost_ = lost_host(line);
      return !now_.shape.hosts.empty() && tells_end(line);
    };
    return run_watched(mpirun_line(now_.shape, command), rules);
  }

  bool is_full() const { return now_.shape.ranks == full_.shape.ranks; }

  std::vector<HostFault> silent_hosts(const std::vector<JobHost>& hosts) const {
    if (options_.host_seconds <= 0) return {};
    return faulty_hosts(hosts, options_.host_seconds);
  }

  std::vector<HostFault> leave_out_silent_hosts() {
    std::vector<HostFault> faults = silent_hosts(now_.shape.hosts);
    for (const HostFault& fault : faults) {
      const std::int64_t ranks = leave_out_host(now_, fault.host);
      note(fmt::format("{} does not answer, its {} rank{} left out ({})", fault.host, ranks,
                       ranks == 1 ? " is" : "s are", fault.reason));
    }
    return faults;
  }

  /// Whether any of the ranks that are missing could be had again.
  bool can_grow() const {
    const std::vector<JobHost> missing = hosts_with_less(full_.shape, now_.shape);
    return missing.empty() || silent_hosts(missing).size() < missing.size();
  }

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
    const std::vector<HostFault> silent = leave_out_silent_hosts();
    const std::string what = what_happened(code, silent);
    if (restarts_ == options_.restarts || (dead_ && now_.shape.ranks == 1)) {
      note(fmt::format("{}: the end, after {} restarts", what, restarts_));
      return false;
    }
    ++restarts_;
    // A rank that died with its host is no rank that died: the others of the host are gone too.
    if (lost_) {
      leave_out_host(now_, *lost_);
    } else if (dead_ && silent.empty()) {
      leave_out_rank(now_, *dead_);
    }
    note(fmt::format("{}: restart {} of {}", what, restarts_, options_.restarts));
    return true;
  }

  std::string what_happened(int code, const std::vector<HostFault>& silent) const {
    if (!silent.empty()) return fmt::format("host {} was lost", silent.front().host);
    if (lost_) return fmt::format("host {} was lost", *lost_);
    if (dead_) return fmt::format("rank {} died", *dead_);
    return fmt::format("exit code {}", code);
  }

  void grow() {
    now_ = full_;
    note("stopped with a checkpoint, to go on on all ranks");
  }

  int give_up(const std::string& why) {
    note(why);
    return tell(static_cast<int>(ExitCode::environment));
  }

  /// The same tables on the ranks that are left, with the types and unique rows that the plan has.
  std::string plan_for_rest() {
    SearchOptions options;
    std::set<ShardingType> types(options.types.begin(), options.types.end());
    for (const Shard& shard : plan_->shards) types.insert(shard.type);
    options.types.assign(types.begin(), types.end());
    options.memory_model = plan_->memory_model;
    options.objective = plan_->objective;
    const auto cost_model = cost_model_for("", *plan_);
    SearchResult result = search_plan(plan_->workload, now_.topology, *cost_model, options);
    if (!result.plan) throw Error(ExitCode::infeasible, result.explanation);
    keep_unique_rows(plan_->unique_rows, *cost_model, *result.plan);
    result.plan->made_by = {"shardwright launch --elastic", SHARDWRIGHT_VERSION, {}};
    const std::string folder = output_ + "/plans";
    std::filesystem::create_directories(folder);
    std::string file = fmt::format("{}/{}_ranks.json", folder, now_.topology.size());
    write_file(file, plan_to_text(*result.plan));
    note(fmt::format("planned for {} ranks: {}", now_.topology.size(), file));
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
  RemainingRanks full_;
  RemainingRanks now_;
  std::string output_;
  std::string plan_file_;
  std::optional<Plan> plan_;          ///< for all ranks; without one, `train` needs none
  std::optional<std::int64_t> dead_;  ///< rank, in the last run
  std::optional<std::string> lost_;   ///< host, in the last run
  std::int64_t restarts_ = 0;
  std::vector<std::string> events_;
};

}  // namespace

int run_elastic(const JobShape& shape, const ElasticOptions& options,
                const std::vector<std::string>& command) {
  return ElasticJob(shape, options, command).run();
}

}  // namespace shardwright
