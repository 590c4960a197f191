#include "planner/search/failure.hpp"

#include "planner/list_some.hpp"
#include "planner/memory_model.hpp"
#include "planner/search/infeasibility.hpp"
#include "planner/search/local/deadline.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <atomic>

namespace shardwright {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kSearch = "search";

std::vector<Unplaced> unplaced_tables(const Problem& problem, const Placement& placement) {
  std::vector<Unplaced> tables;
  for (const Shard& shard : placement.unplaced) {
    const std::string& name = problem.workload.table(shard.table).name;
    if (tables.empty() || tables.back().table != name) tables.push_back({name, Bytes(0)});
    tables.back().memory = saturated_sum(tables.back().memory, bytes_of(problem, shard));
  }
  return tables;
}

std::string list(const std::vector<Unplaced>& tables) {
  std::vector<Unplaced> largest = tables;
  std::stable_sort(largest.begin(), largest.end(),
                   [](const Unplaced& a, const Unplaced& b) { return a.memory > b.memory; });
  return list_some(largest, [](const Unplaced& table) {
    return fmt::format("'{}' ({})", table.table, format_gigabytes(table.memory));
  });
}

// To try all placements is worth it only where others than greedy algorithms failed.
std::optional<Infeasibility> prove(const Problem& problem, const SearchOptions& options,
                                   const std::atomic<bool>& stop) {
  if (auto proof = prove_infeasible(problem)) return proof;
  if (options.algorithm != kSearch) return {};
  return prove_by_trying(problem, kMostTrials, &stop);
}

// Asked of a single table, as pricers of many take long to make.
bool prices_even_rows_alone(const Problem& problem, const CostModel& cost_model) {
  if (problem.workload.tables.empty()) return true;
  const Workload one{{problem.workload.tables.front()}, problem.workload.batch_size};
  const auto pricer = cost_model.rank_pricer(one, problem.topology);
  return pricer == nullptr || pricer->assumes_even_rows();
}

// Where nobody has looked what does.
std::string what_may_help(const Problem& problem) {
  const bool columns = std::any_of(problem.rules.begin(), problem.rules.end(),
                                   [](const TableRules& rules) { return rules.column_wise; });
  return fmt::format(
      " What may help: more ranks or memory{}, fewer bytes (dtype, optimizer, batch), looser "
      "constraints.",
      columns ? "" : ", column_wise");
}

void add_ways_out(const Failure& failure, const std::atomic<bool>& stop, SearchResult& result) {
  const SearchOptions& options = failure.options;
  const bool even_rows = prices_even_rows_alone(failure.problem, failure.cost_model);
  result.ways_out = ways_out(failure.problem, {options.types, options.column_widths, even_rows,
                                               stop, options.algorithm == kSearch});
  std::vector<std::string> sentences;
  bool is_memory = false;
  bool is_search = options.algorithm == kSearch;
  for (const WayOut& way : result.ways_out) {
    sentences.push_back(way.sentence);
    is_search = is_search || way.kind == "algorithm";
    is_memory = is_memory || way.kind == "more_memory" || way.kind == "algorithm";
  }
  if (!sentences.empty()) {
    const std::string with = is_search ? "" : " with --algorithm search";
    result.explanation +=
        fmt::format(" Any one of these would do{}: {}.", with, fmt::join(sentences, "; "));
  } else if (stop) {
    result.explanation += what_may_help(failure.problem);
  } else {
    result.explanation +=
        " Nothing was found to help by itself, of more ranks, row_wise, bf16 weights, a smaller "
        "batch, and each constraint less: change several of them.";
  }
  if (is_memory || stop) return;
  result.explanation +=
      " More memory alone was not found to help, however much: it is the constraints that leave no "
      "room.";
}

void explain(const Problem& problem, const SearchOptions& options, const std::atomic<bool>& stop,
             SearchResult& result) {
  for (const Unplaced& table : result.unplaced) {
    result.missing = saturated_sum(result.missing, table.memory);
  }
  const std::string names = list(result.unplaced);
  const std::string room = names.empty() ? "" : fmt::format(" Without room: {}.", names);
  if (auto proof = prove(problem, options, stop)) {
    result.termination = Termination::infeasible;
    result.missing = proof->missing;
    result.explanation = fmt::format("No plan can exist. {}.{}", proof->sentence, room);
    result.proof = {std::move(proof->certificate), problem.workload, problem.topology,
                    problem.memory_model, options.types};
    return;
  }
  result.termination = Termination::no_plan_found;
  result.explanation = fmt::format(
      "{} found no plan, which does not prove that there is none. Parts of {} found no room: {}.",
      options.algorithm, format_gigabytes(result.missing), names);
}

// What is left of the time limit, but for the moment that a Deadline takes to begin.
std::optional<double> seconds_left(const Effort& effort, Clock::time_point begin) {
  constexpr double kLeast = 1e-3;
  if (!effort.time_limit_seconds) return {};
  const std::chrono::duration<double> spent = Clock::now() - begin;
  return std::max(*effort.time_limit_seconds - spent.count(), kLeast);
}

}  // namespace

void tell_failure(const Failure& failure, SearchResult& result) {
  const SearchOptions& options = failure.options;
  const Deadline deadline(seconds_left(options.effort, failure.begin), options.effort.interrupt);
  result.unplaced = unplaced_tables(failure.problem, failure.placement);
  explain(failure.problem, options, deadline.passed(), result);
  if (options.find_ways_out) {
    add_ways_out(failure, deadline.passed(), result);
  } else {
    result.explanation += what_may_help(failure.problem);
  }
}

}  // namespace shardwright
