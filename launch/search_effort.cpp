#include "launch/search_effort.hpp"

#include "costmodel/errors.hpp"
#include "planner/describe_plan.hpp"
#include "planner/search/progress_text.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <limits>
#include <map>
#include <memory>
#include <utility>

namespace shardwright {
namespace {

// A signal handler reaches nothing else.
std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free);

extern "C" void end_search(int /*signal*/) { interrupted = true; }

double parse_seconds(const std::string& text) {
  static const std::map<std::string, double> units = {
      {"ms", 1e-3}, {"s", 1}, {"", 1}, {"min", 60}, {"h", 3600}};
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const auto unit = units.find(end);
  if (error != std::errc() || unit == units.end() || !(value > 0) || value > 1e9) {
    throw UsageError(fmt::format(
        "--time-limit '{}' is not a time above 0. Write it as 500ms, 10s, 2min or 1h.", text));
  }
  return value * unit->second;
}

// One line on the terminal, written over a few times a second and wiped at the end.
class ProgressLine {
 public:
  ~ProgressLine() {
    if (shown_) fmt::print(stderr, "\r{:79}\r", "");
  }
  ProgressLine() = default;
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void show(const SearchProgress& progress, Objective objective) {
    constexpr std::chrono::milliseconds kBetween{200};
    const auto now = std::chrono::steady_clock::now();
    if (now - last_ < kBetween) return;
    last_ = now;
    shown_ = true;
    fmt::print(stderr, "\r{:79}", progress_text(progress, objective));
    std::fflush(stderr);
  }

 private:
  bool shown_ = false;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

// How far from the best a plan can be; empty where nothing is known.
std::string describe_bound(const SearchResult& result) {
  const bool optimal = result.termination == Termination::optimal;
  if (result.lower_bound_bytes && result.lower_bound_bytes->value() > 0) {
    if (optimal) return " The plan is optimal: the fullest rank of no plan needs less.";
    const auto least = static_cast<double>(result.lower_bound_bytes->value());
    const double gap = static_cast<double>(fullest_rank(*result.plan).value()) / least - 1;
    return fmt::format(
        " The fullest rank of no plan needs less than {}: this one is within {:.2f} % of the best.",
        format_bytes(*result.lower_bound_bytes), 100 * gap);
  }
  if (!result.lower_bound_ms || *result.lower_bound_ms <= 0) return "";
  if (optimal) return " The plan is optimal: no plan costs less by this cost model.";
  const double gap = result.plan->cost_ms / *result.lower_bound_ms - 1;
  return fmt::format(
      " No plan costs less than {:.4g} ms: this one is within {:.2f} % of the best there is.",
      *result.lower_bound_ms, 100 * gap);
}

}  // namespace

void add_effort(CLI::App& command, EffortArguments& arguments) {
  command
      .add_option("--column-widths", arguments.column_widths,
                  "Of the parts of one table: any (multiples of 4) or equal")
      ->check(CLI::IsMember({"any", "equal"}))
      ->capture_default_str();
  command
      .add_option("--work-limit", arguments.work_limit,
                  "Evaluations that search may make (default: by the number of\n"
                  "tables); the same plan with any number of threads")
      ->check(CLI::Range(std::int64_t{1}, std::numeric_limits<std::int64_t>::max() / 2));
  command.add_option("--time-limit", arguments.time_limit,
                     "Stop search after this time, as 500ms, 10s or 2min");
  command
      .add_option("--threads", arguments.threads, "Threads of search (default: as many as cores)")
      ->check(CLI::Range(1U, 1024U));
}

void apply_effort(const EffortArguments& arguments, SearchOptions& options) {
  if (arguments.column_widths == "equal") options.column_widths = ColumnWidths::equal;
  options.effort.work_limit = arguments.work_limit;
  if (!arguments.time_limit.empty()) {
    options.effort.time_limit_seconds = parse_seconds(arguments.time_limit);
  }
  options.effort.threads = arguments.threads;
  if (isatty(STDERR_FILENO) != 1) return;
  options.effort.progress = [line = std::make_shared<ProgressLine>(),
                             objective = options.objective](const SearchProgress& now) {
    line->show(now, objective);
  };
}

std::shared_ptr<const std::vector<ProgressPoint>> record_progress(SearchOptions& options) {
  auto points = std::make_shared<std::vector<ProgressPoint>>();
  const auto start = std::chrono::steady_clock::now();
  options.effort.progress =
      [points, start, inner = std::move(options.effort.progress)](const SearchProgress& now) {
        if (points->empty() || now.best_cost < points->back().best_cost) {
          const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
          points->push_back({spent.count(), now.best_cost});
        }
        if (inner) inner(now);
      };
  return points;
}

void end_on_interrupt(SearchOptions& options) {
  struct sigaction action = {};
  action.sa_handler = end_search;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  sigaction(SIGINT, &action, nullptr);
  options.effort.interrupt = &interrupted;
}

std::string effort_flags(const EffortArguments& arguments) {
  std::string flags;
  if (arguments.column_widths != "any") flags += " --column-widths " + arguments.column_widths;
  if (arguments.work_limit > 0) flags += fmt::format(" --work-limit {}", arguments.work_limit);
  if (!arguments.time_limit.empty()) flags += " --time-limit " + arguments.time_limit;
  return flags;
}

std::string describe_end(const SearchResult& result) {
  std::string text =
      fmt::format("{} evaluations in {:.2f} s, stopped by {}.", result.record.evaluations,
                  result.record.seconds, result.record.stopped_by);
  return result.plan ? text + describe_bound(result) : text;
}

}  // namespace shardwright
