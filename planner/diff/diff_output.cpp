#include "planner/diff/plan_diff.hpp"
#include "planner/plan_json.hpp"
#include "planner/text_table.hpp"

#include <fmt/format.h>

namespace shardwright {
namespace {

using nlohmann::json;

std::string models_of(const Plan& before, const Plan& after) {
  if (before.cost_model == after.cost_model) return after.cost_model;
  return fmt::format("{} before, {} after", before.cost_model, after.cost_model);
}

std::string heading(const Plan& before, const Plan& after, const PlanDiff& diff) {
  const double gain = diff.cost_before_ms - diff.cost_after_ms;
  return fmt::format(
      "From plan {} to plan {}: {} of {} tables differ, {} move between ranks{}.\n"
      "Predicted by cost model {}: {:.3f} ms before, {:.3f} ms after ({:+.3f} ms, {:+.2f} %).\n",
      plan_id(before), plan_id(after), diff.tables.size(), diff.tables.size() + diff.same,
      format_bytes(diff.moved),
      diff.fresh > Bytes(0) ? fmt::format(", {} are new", format_bytes(diff.fresh)) : "",
      models_of(before, after), diff.cost_before_ms, diff.cost_after_ms, -gain,
      diff.cost_before_ms > 0 ? -100 * gain / diff.cost_before_ms : 0.0);
}

std::string ranks_text(const PlanDiff& diff) {
  TextTable table;
  table.columns = {{"rank"}, {"receives"}, {"sends"}, {"new"}, {"memory before"}, {"after"}};
  for (std::size_t rank = 0; rank < diff.ranks.size(); ++rank) {
    const RankDiff& row = diff.ranks[rank];
    table.rows.push_back({fmt::to_string(rank), format_bytes(row.received), format_bytes(row.sent),
                          format_bytes(row.fresh), format_bytes(row.memory_before),
                          format_bytes(row.memory_after)});
  }
  return format_table(table);
}

std::string tables_text(const PlanDiff& diff) {
  TextTable table;
  table.columns = {{"table", false, 28}, {"change", false}, {"moves"}, {"from → to", false}};
  for (const TableDiff& row : diff.tables) {
    table.rows.push_back({row.table, std::string(to_string(row.change)), format_bytes(row.moved),
                          fmt::format("{} → {}", row.before.empty() ? "nowhere" : row.before,
                                      row.after.empty() ? "nowhere" : row.after)});
  }
  return format_table(table);
}

}  // namespace

json diff_to_json(const Plan& before, const Plan& after, const PlanDiff& diff) {
  json ranks = json::array();
  for (const RankDiff& rank : diff.ranks) {
    ranks.push_back({{"rank", ranks.size()},
                     {"received_bytes", rank.received.value()},
                     {"sent_bytes", rank.sent.value()},
                     {"new_bytes", rank.fresh.value()},
                     {"memory_before_bytes", rank.memory_before.value()},
                     {"memory_after_bytes", rank.memory_after.value()}});
  }
  json tables = json::array();
  for (const TableDiff& table : diff.tables) {
    tables.push_back({{"table", table.table},
                      {"change", to_string(table.change)},
                      {"before", table.before},
                      {"after", table.after},
                      {"moved_bytes", table.moved.value()}});
  }
  return {{"schema", "shardwright.diff/1"},
          {"before", plan_id(before)},
          {"after", plan_id(after)},
          {"cost_model", after.cost_model},
          {"cost_before_ms", diff.cost_before_ms},
          {"cost_after_ms", diff.cost_after_ms},
          {"gain_ms", diff.cost_before_ms - diff.cost_after_ms},
          {"moved_bytes", diff.moved.value()},
          {"new_bytes", diff.fresh.value()},
          {"tables_unchanged", diff.same},
          {"per_rank", std::move(ranks)},
          {"tables", std::move(tables)}};
}

std::string diff_to_text(const Plan& before, const Plan& after, const PlanDiff& diff) {
  std::string text = heading(before, after, diff);
  if (diff.tables.empty()) return text;
  return fmt::format("{}\n{}\n{}", text, ranks_text(diff), tables_text(diff));
}

}  // namespace shardwright
