#include "runtime/data/describe_data.hpp"

#include "planner/spec/tables_json.hpp"
#include "planner/text_table.hpp"

#include <fmt/format.h>

namespace shardwright {
namespace {

constexpr std::array kPartNames = {"train", "test"};

TextTable parts_table(const DataSummary& summary) {
  TextTable table{{{"part", false}, {"samples"}, {"positives"}, {"share"}}, {}};
  for (std::size_t i = 0; i < summary.parts.size(); ++i) {
    const PartSummary& part = summary.parts[i];
    table.rows.push_back({kPartNames[i], fmt::to_string(part.samples),
                          fmt::to_string(part.positives),
                          fmt::format("{:.2f}%", 100.0 * static_cast<double>(part.positives) /
                                                     static_cast<double>(part.samples))});
  }
  return table;
}

std::string lookups_per_row(const Table& table) {
  if (!table.reuse) return "-";
  return fmt::format("{:.1f} in {} samples", mean_reuse(*table.reuse),
                     table.reuse_batch_size.value_or(0));
}

TextTable tables_table(const DataSummary& summary) {
  TextTable result{{{"table", false},
                    {"rows"},
                    {"dim"},
                    {"ids/sample"},
                    {"mode", false},
                    {"lookups per distinct row", false}},
                   {}};
  for (const Table& table : summary.workload.tables)
    result.rows.push_back({table.name, fmt::to_string(table.rows), fmt::to_string(table.dim),
                           fmt::format("{:.3f}", table.pooling), std::string(to_string(table.mode)),
                           lookups_per_row(table)});
  return result;
}

nlohmann::json part_to_json(const PartSummary& part) {
  return {{"samples", part.samples}, {"positives", part.positives}};
}

}  // namespace

std::string describe_data(const DataSummary& summary) {
  std::string text =
      format_table(parts_table(summary)) + "\n" + format_table(tables_table(summary));
  if (summary.auc_ceiling)
    text += fmt::format("\nAUC ceiling of the test part: {:.4f}\n", *summary.auc_ceiling);
  return text;
}

nlohmann::json data_summary_to_json(const DataSummary& summary) {
  nlohmann::json json = tables_to_json(summary.workload);
  json.erase("schema");
  json["folder"] = summary.folder;
  for (std::size_t i = 0; i < summary.parts.size(); ++i)
    json[kPartNames[i]] = part_to_json(summary.parts[i]);
  json["remarks"] = summary.remarks;
  if (summary.auc_ceiling) json["auc_ceiling"] = *summary.auc_ceiling;
  return json;
}

}  // namespace shardwright
