#include "costmodel/timings/csv.hpp"
#include "planner/sweep/sweep.hpp"
#include "planner/text_table.hpp"

#include <fmt/format.h>

namespace shardwright {
namespace {

using nlohmann::json;

std::string gap(const SweepPoint& point) {
  if (!point.lower_bound_ms || *point.lower_bound_ms <= 0) return "-";
  return fmt::format("{:.1f}%", 100 * (point.step_ms / *point.lower_bound_ms - 1));
}

std::vector<std::string> row(const SweepPoint& point) {
  std::vector<std::string> cells = {point.topology, fmt::to_string(point.ranks),
                                    fmt::to_string(point.batch_size)};
  if (!point.has_plan()) {
    cells.insert(cells.end(), {"-", "-", "-", "-", "-", "-", "", std::string(point.status())});
    return cells;
  }
  cells.insert(cells.end(),
               {fmt::format("{:.3f}", point.step_ms), fmt::format("{:.0f}", point.samples_per_s()),
                fmt::format("{:.0f}", point.samples_per_s() / static_cast<double>(point.ranks)),
                format_bytes(point.fullest), fmt::format("{:.1f}%", 100 * point.used_share),
                gap(point), point.on_front ? "*" : "", std::string(point.status())});
  return cells;
}

// Each once, whatever the batch.
std::string contradictions(const std::vector<SweepPoint>& points) {
  std::string text;
  const SweepPoint* before = nullptr;
  for (const SweepPoint& point : points) {
    const bool said = before != nullptr && before->topology == point.topology &&
                      before->contradiction == point.contradiction;
    if (!point.contradiction.empty() && !said) {
      text += fmt::format("{}: {}\n", point.topology, point.contradiction);
    }
    before = &point;
  }
  return text;
}

}  // namespace

std::string sweep_to_text(const std::vector<SweepPoint>& points) {
  TextTable table;
  table.columns = {{"topology", false, 30},
                   {"ranks"},
                   {"batch"},
                   {"step ms"},
                   {"samples/s"},
                   {"per rank"},
                   {"memory"},
                   {"used"},
                   {"gap"},
                   {"front", false},
                   {"plan", false}};
  for (const SweepPoint& point : points) table.rows.push_back(row(point));
  return format_table(table) + contradictions(points) +
         "front *: no other has at most as many ranks, as long a step and at least as many "
         "samples/s.\n";
}

std::string sweep_to_csv(const std::vector<SweepPoint>& points) {
  std::string text =
      "topology,ranks,batch_size,status,step_ms,samples_per_s,samples_per_s_per_rank,"
      "lower_bound_ms,fullest_rank_bytes,fullest_rank_share,pareto_front\n";
  for (const SweepPoint& point : points) {
    text += fmt::format("{},{},{},{}", csv_cell(point.topology), point.ranks, point.batch_size,
                        point.status());
    text += point.has_plan()
                ? fmt::format(",{},{},{},{},{},{},{}\n", point.step_ms, point.samples_per_s(),
                              point.samples_per_s() / static_cast<double>(point.ranks),
                              point.lower_bound_ms ? fmt::to_string(*point.lower_bound_ms) : "",
                              point.fullest.value(), point.used_share, point.on_front ? 1 : 0)
                : std::string(",,,,,,,0\n");
  }
  return text;
}

json sweep_to_json(const std::vector<SweepPoint>& points) {
  json rows = json::array();
  for (const SweepPoint& point : points) {
    json row = {{"topology", point.topology},     {"ranks", point.ranks},
                {"batch_size", point.batch_size}, {"status", point.status()},
                {"pareto_front", point.on_front}, {"step_ms", nullptr}};
    if (point.has_plan()) {
      row["step_ms"] = point.step_ms;
      row["samples_per_s"] = point.samples_per_s();
      row["fullest_rank_bytes"] = point.fullest.value();
      row["fullest_rank_share"] = point.used_share;
      if (point.lower_bound_ms) row["lower_bound_ms"] = *point.lower_bound_ms;
    }
    if (!point.contradiction.empty()) row["contradiction"] = point.contradiction;
    rows.push_back(std::move(row));
  }
  return {{"schema", "shardwright.sweep/1"}, {"points", std::move(rows)}};
}

}  // namespace shardwright
