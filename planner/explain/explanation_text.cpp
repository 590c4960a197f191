#include "planner/explain/explanation_text.hpp"

#include "planner/placement_words.hpp"
#include "planner/plan_json.hpp"
#include "planner/text_table.hpp"
#include "planner/unique_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace shardwright {
namespace {

constexpr std::size_t kMostRanks = 16;  // rows printed
constexpr double kNoise = 1e-6;         // relative; less is rounding

std::string ms(double time) { return fmt::format("{:.3f}", time); }
std::string signed_ms(double time) { return fmt::format("{:+.3f} ms", time); }

// "+0.003 ms", or of the fullest rank's memory "+1.2 MiB".
std::string difference_text(const Explanation& explanation, const Alternative& other) {
  const double more = other.measure - explanation.measure;
  if (!explanation.by_memory) return signed_ms(more);
  return fmt::format("{}{}", more < 0 ? '-' : '+',
                     format_bytes(Bytes(std::llround(std::abs(more)))));
}

std::string path_text(const Explanation& explanation) {
  TextTable table;
  table.columns = {
      {"phase", false}, {"waits ms"}, {"for rank"}, {"mean rank ms"}, {"slowest / mean"}};
  for (const PathStep& step : explanation.path) {
    table.rows.push_back({std::string(step.phase->title), ms(step.ms),
                          fmt::to_string(step.rank.value()), ms(step.mean_ms),
                          step.mean_ms > 0 ? fmt::format("{:.2f}", step.ms / step.mean_ms) : "-"});
  }
  return format_table(table);
}

std::vector<std::size_t> worst_ranks(const Plan& plan, const Explanation& explanation) {
  std::vector<std::size_t> ranks(explanation.times.size());
  for (std::size_t i = 0; i < ranks.size(); ++i) ranks[i] = i;
  std::stable_sort(ranks.begin(), ranks.end(), [&](std::size_t a, std::size_t b) {
    if (explanation.by_memory) return plan.predicted[a].memory > plan.predicted[b].memory;
    return explanation.times[a].total_ms() > explanation.times[b].total_ms();
  });
  return ranks;
}

std::string ranks_text(const Plan& plan, const Explanation& explanation) {
  TextTable table;
  table.columns = {{"rank"}, {"total ms"}};
  for (const Phase& phase : kPhases) table.columns.push_back({std::string(phase.title)});
  table.columns.push_back({"memory"});
  table.columns.push_back({"free"});
  for (const std::size_t rank : worst_ranks(plan, explanation)) {
    if (table.rows.size() == kMostRanks) break;
    const PhaseTimes& times = explanation.times[rank];
    std::vector<std::string> row = {fmt::to_string(rank), ms(times.total_ms())};
    for (const Phase& phase : kPhases) row.push_back(ms(times.*phase.ms));
    const Bytes memory = plan.predicted[rank].memory;
    row.push_back(format_bytes(memory));
    row.push_back(format_bytes(plan.topology.ranks[rank].usable() - memory));
    table.rows.push_back(std::move(row));
  }
  const std::size_t left_out = explanation.times.size() - table.rows.size();
  return format_table(table) +
         (left_out > 0 ? fmt::format("… and {} ranks that take less (--json has all).\n", left_out)
                       : "");
}

std::string obstacle_text(const Alternative& alternative) {
  switch (alternative.obstacle) {
    case Obstacle::none:
      return "";
    case Obstacle::memory:
      return fmt::format("does not fit, a rank lacks {}", format_bytes(alternative.missing));
    case Obstacle::rules:
      break;
  }
  return "its constraints forbid it";
}

std::string next_best(const Explanation& explanation, const TableExplanation& table) {
  const Alternative* next = table.next_best();
  if (next == nullptr) return "nothing else is legal";
  const bool grows = !explanation.by_memory && next->cost_ms > explanation.cost_ms;
  return fmt::format("next best {}: {}{}", difference_text(explanation, *next),
                     placement_words(next->shards),
                     grows ? fmt::format(" ({} of rank {} grows)", next->slower.phase->title,
                                         next->slower.rank.value())
                           : "");
}

// Says nothing of tables that exchange pooled values and would gain nothing otherwise.
std::string exchange_text(const Plan& plan, const Explanation& explanation,
                          const TableExplanation& table) {
  if (!table.other_exchange_ms) return "";
  const double difference = *table.other_exchange_ms - explanation.cost_ms;
  if (sends_unique_rows(plan, table.table)) {
    return fmt::format("; sends unique rows, pooled values {}", signed_ms(difference));
  }
  const bool is_better = difference < -kNoise * explanation.cost_ms;
  return is_better ? fmt::format("; as unique rows {}", signed_ms(difference)) : "";
}

std::string why(const Plan& plan, const Explanation& explanation, const TableExplanation& table) {
  std::string text = fmt::format("{}; {}", placement_words(shards_of(plan, table.table)),
                                 next_best(explanation, table));
  if (const Alternative* refused = table.refused(explanation.measure)) {
    text += fmt::format("; {}: {}, but {}", difference_text(explanation, *refused),
                        placement_words(refused->shards), obstacle_text(*refused));
  }
  return text + exchange_text(plan, explanation, table);
}

std::string tables_text(const Plan& plan, const Explanation& explanation) {
  TextTable table;
  table.columns = {{"table", false, 22},
                   {"weights"},
                   {explanation.by_memory ? "on fullest" : "on path ms"},
                   {"binds", false},
                   {"why", false}};
  for (const TableExplanation& row : explanation.tables) {
    const Table& spec = plan.workload.table(row.table);
    table.rows.push_back({spec.name, format_bytes(weight_bytes(spec, spec.rows, spec.dim)),
                          explanation.by_memory ? format_bytes(row.on_fullest) : ms(row.path_ms),
                          std::string(to_string(row.binding)), why(plan, explanation, row)});
  }
  return format_table(table);
}

std::string change_text(const Plan& plan, const Explanation& explanation,
                        const Alternative& change) {
  return fmt::format("{} as {}: {} ({:.2f} %)", plan.workload.table(change.table).name,
                     placement_words(change.shards), difference_text(explanation, change),
                     100 * (change.measure / explanation.measure - 1));
}

std::string changes_text(const Plan& plan, const Explanation& explanation) {
  if (explanation.changes.empty()) {
    return fmt::format("No single change helps: {} others were priced for {} tables.\n",
                       explanation.tried, explanation.tables.size());
  }
  std::string text =
      fmt::format("The single changes that would help most, of {} priced:\n", explanation.tried);
  for (std::size_t i = 0; i < explanation.changes.size(); ++i) {
    text += fmt::format("{}. {}\n", i + 1, change_text(plan, explanation, explanation.changes[i]));
  }
  return text;
}

std::string heading(const Plan& plan, const Explanation& explanation) {
  return fmt::format(
      "Plan {}: {} tables on {} ranks, {:.3f} ms ({}) by cost model {}, objective {}.\n",
      plan_id(plan), plan.workload.tables.size(), plan.topology.size(), explanation.cost_ms,
      plan.objective == Objective::max_sum ? "largest total of a rank" : "a step", plan.cost_model,
      to_string(plan.objective));
}

std::string fullest_text(const Plan& plan, const Explanation& explanation) {
  if (!explanation.by_memory) return "";
  return fmt::format("The fullest rank is {}, with {}.\n", explanation.fullest.value(),
                     format_bytes(plan.predicted[explanation.fullest.index()].memory));
}

}  // namespace

std::string explanation_to_text(const Plan& plan, const Explanation& explanation) {
  const std::size_t left_out = plan.workload.tables.size() - explanation.tables.size();
  return fmt::format(
      "{}{}\nThe step waits for\n{}\nRanks, {} first\n{}\nTables, those {} first\n{}{}\n{}",
      heading(plan, explanation), fullest_text(plan, explanation), path_text(explanation),
      explanation.by_memory ? "fullest" : "slowest", ranks_text(plan, explanation),
      explanation.by_memory ? "that take most of the fullest rank"
                            : "that the step waits for longest",
      tables_text(plan, explanation),
      left_out > 0 ? fmt::format("… and {} tables (--tables N, or --table NAME).\n", left_out) : "",
      changes_text(plan, explanation));
}

std::string table_explanation_to_text(const Plan& plan, const Explanation& explanation) {
  const TableExplanation& table = explanation.tables.front();
  TextTable text;
  text.columns = {{"other placement", false, 50}, {"cost ms"}, {"difference"}, {"", false}};
  for (const Alternative& other : table.alternatives) {
    text.rows.push_back({placement_words(other.shards), ms(other.cost_ms),
                         difference_text(explanation, other), obstacle_text(other)});
  }
  const std::size_t id = table.table.index();
  return fmt::format(
      "{}\n{}{}\n{}", heading(plan, explanation), tables_text(plan, explanation),
      id < plan.reasons.size() ? fmt::format("The search says: {}.\n", plan.reasons[id]) : "",
      text.rows.empty() ? "" : format_table(text));
}

}  // namespace shardwright
