#include "planner/text_table.hpp"
#include "runtime/measured/plan_check.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace shardwright {
namespace {

std::string ms(double time) { return fmt::format("{:.3f}", time); }

std::string ratio(const PhaseComparison& row) {
  return row.predicted_ms > 0 ? fmt::format("{:.2f}", row.measured_ms / row.predicted_ms) : "-";
}

std::string comparison_table(const PlanCheck& check, std::size_t most_rows) {
  constexpr std::size_t kLongestHost = 40;
  const auto all = compare_phases(check.predicted, check.measured);
  TextTable table;
  table.columns = {{"rank"},         {"host", false, kLongestHost},
                   {"phase", false}, {"predicted ms"},
                   {"measured ms"},  {"ratio"},
                   {"over ms"}};
  for (std::size_t i = 0; i < std::min(most_rows, all.size()); ++i) {
    const PhaseComparison& row = all[i];
    table.rows.push_back({fmt::to_string(row.rank.value()), check.hosts[row.rank.index()],
                          std::string(name_of(row.phase)), ms(row.predicted_ms),
                          ms(row.measured_ms), ratio(row), fmt::format("{:+.3f}", row.over_ms())});
  }
  const std::size_t left_out = all.size() - table.rows.size();
  return format_table(table) +
         (left_out > 0 ? fmt::format("… and {} that are nearer to the plan.\n", left_out) : "");
}

std::string table_words(const SlowRank& slow) {
  if (slow.phase == StepPhase::dense) {
    return "Its dense part is slow, which no table makes so: look at the host.";
  }
  if (slow.table.empty()) return "No table of the plan has a part in that.";
  return fmt::format("Table {} has most of that, {:.0f} % by the prediction.", slow.table,
                     100 * slow.table_share);
}

std::string slowest_line(const SlowRank& slow) {
  return fmt::format("Slowest: rank {} on {}, {} {} ms, mean rank {} ms.\n  {}\n",
                     slow.rank.value(), slow.host, name_of(slow.phase), ms(slow.measured_ms),
                     ms(slow.expected_ms), table_words(slow));
}

std::string straggler_line(const SlowRank& slow) {
  return fmt::format(
      "Straggler: rank {} on {} takes {} ms for {} where the other ranks let expect {}.\n  {}\n",
      slow.rank.value(), slow.host, ms(slow.measured_ms), name_of(slow.phase), ms(slow.expected_ms),
      table_words(slow));
}

std::string change_line(const PlanChange& change) {
  return fmt::format("By these times it would help to have {} {}: {:+.3f} ms a step ({:+.1f} %).\n",
                     change.table, change.placement, change.difference_ms, 100 * change.share);
}

}  // namespace

std::string plan_check_to_text(const PlanCheck& check, std::size_t most_rows) {
  std::string text;
  if (!check.predicted.empty()) {
    text = fmt::format("Plan against measured, means of {} steps, worst first:\n", check.steps) +
           comparison_table(check, most_rows);
  }
  if (check.slowest) text += slowest_line(*check.slowest);
  for (const SlowRank& slow : check.stragglers) text += straggler_line(slow);
  for (const PlanChange& change : check.changes) text += change_line(change);
  if (check.changes_tried && check.changes.empty()) {
    text += "By these times no change of a single table's placement would save 1 % of a step.\n";
  }
  return text;
}

}  // namespace shardwright
