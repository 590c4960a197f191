#include "costmodel/errors.hpp"
#include "costmodel/json/json_view.hpp"
#include "planner/exchange/import.hpp"
#include "planner/exchange/left_out.hpp"
#include "planner/list_some.hpp"
#include "planner/spec/spec_entry.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

namespace shardwright {
namespace {

using nlohmann::json;

const std::map<std::string, std::string>& data_types() {
  static const std::map<std::string, std::string> names = {
      {"FP32", "fp32"}, {"FP16", "fp16"}, {"BF16", "bf16"}};
  return names;
}
const std::map<std::string, std::string>& poolings() {
  static const std::map<std::string, std::string> names = {
      {"SUM", "sum"}, {"MEAN", "mean"}, {"NONE", "none"}};
  return names;
}

// "FP32" of "DataType.FP32"; "fp32" of "FP32".
std::string translated(const JsonView& view, const std::map<std::string, std::string>& names) {
  std::string text = view.string();
  text = text.substr(text.rfind('.') + 1);
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  const auto found = names.find(text);
  if (found != names.end()) return found->second;
  std::vector<std::string> allowed;
  allowed.reserve(names.size());
  for (const auto& [name, ours] : names) allowed.push_back(name);
  view.fail(fmt::format("one of {}", fmt::join(allowed, ", ")));
}

json table_from_config(const JsonView& config, LeftOut& left_out) {
  json table = {{"name", config.at("name").raw()},
                {"rows", config.at("num_embeddings").raw()},
                {"dim", config.at("embedding_dim").raw()}};
  if (const auto type = config.find("data_type")) table["dtype"] = translated(*type, data_types());
  if (const auto pooling = config.find("pooling")) table["mode"] = translated(*pooling, poolings());
  if (const auto names = config.find("feature_names"); names && !names->elements().empty()) {
    table["features"] = names->raw();
  }
  if (const auto factor = config.find("pooling_factor")) table["pooling"] = factor->raw();
  if (const auto weighted = config.find("is_weighted")) table["weighted"] = weighted->raw();
  left_out.note(config, {"name", "num_embeddings", "embedding_dim", "data_type", "pooling",
                         "feature_names", "pooling_factor", "is_weighted"});
  return table;
}

void note_assumed_pooling(const std::vector<SpecEntry>& entries, ImportedTables& result) {
  std::vector<std::size_t> assumed;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (!entries[i].table.contains("pooling")) assumed.push_back(i);
  }
  if (assumed.empty()) return;
  const auto quoted = [&](std::size_t i) {
    return fmt::format("'{}'", result.workload.tables[i].name);
  };
  const std::string whose =
      assumed.size() == entries.size() ? "" : fmt::format(" of {}", list_some(assumed, quoted));
  result.losses.push_back(
      fmt::format("The configs do not say how many ids{} a sample has: 1 per table is assumed "
                  "(\"pooling_factor\").",
                  whose));
}

}  // namespace

ImportedTables import_configs(const json& document, const std::string& file) {
  const JsonView whole(document, file);
  const JsonView list = document.is_object() ? whole.at("tables") : whole;
  std::vector<SpecEntry> entries;
  LeftOut left_out;
  left_out.note(whole, {"tables"});
  for (const JsonView& config : list.elements()) {
    entries.push_back({table_from_config(config, left_out), config.path()});
  }
  ImportedTables result;
  result.workload.tables = tables_of(entries, file);
  left_out.report(result.losses);
  note_assumed_pooling(entries, result);
  return result;
}

}  // namespace shardwright
