#include "costmodel/table_json.hpp"

#include "costmodel/errors.hpp"

#include <fmt/format.h>

#include <cmath>
#include <set>

namespace shardwright {
namespace {

using nlohmann::json;

constexpr std::int64_t kMostRows = std::int64_t{1} << 62;
constexpr std::int64_t kMostColumns = std::int64_t{1} << 20;
constexpr double kMostPooling = 1e9;
constexpr std::int64_t kWidthStep = 4;

// Runs a parser of names and, where it refuses, says where the name stands.
template <class Parse>
auto parse_name(const JsonView& view, const Parse& parse) {
  const std::string text = view.string();
  try {
    return parse(text);
  } catch (const InputError& error) {
    throw InputError(fmt::format("{}: {}: {}", view.file(), view.path(), error.what()));
  }
}

std::int64_t column_count(const JsonView& view) {
  const double columns = view.raw().is_number() ? view.raw().get<double>() : 0;
  const std::string range = fmt::format("from {} to {}", kWidthStep, kMostColumns);
  if (columns < kWidthStep || columns > kMostColumns || columns != std::floor(columns)) {
    view.fail(fmt::format("a multiple of {} {}", kWidthStep, range));
  }
  const auto number = static_cast<std::int64_t>(columns);
  if (number % kWidthStep != 0) {
    const std::int64_t below = number / kWidthStep * kWidthStep;
    view.fail(fmt::format("a multiple of {}, for example {} or {} ({})", kWidthStep, below,
                          below + kWidthStep, range));
  }
  return number;
}

std::vector<std::string> features_from_json(const JsonView& view) {
  std::vector<std::string> features;
  std::set<std::string> seen;
  for (const JsonView& feature : view.elements()) {
    features.push_back(feature.string());
    if (features.back().empty()) feature.fail("a feature's name");
    if (!seen.insert(features.back()).second) feature.fail("a feature not named before");
  }
  if (features.empty()) view.fail("at least one feature");
  return features;
}

ReuseHistogram reuse_from_json(const JsonView& view) {
  constexpr double kTolerance = 1e-3;
  ReuseHistogram histogram{};
  const auto shares = view.elements();
  if (shares.size() != histogram.size()) view.fail("an array of 17 shares");
  double sum = 0;
  for (std::size_t bin = 0; bin < shares.size(); ++bin) {
    histogram[bin] = shares[bin].number(0, 1);
    sum += histogram[bin];
  }
  if (sum != 0 && std::abs(sum - 1) > kTolerance) {
    view.fail(fmt::format("17 shares that sum to 1 (or are all 0), not to {:.6g}", sum));
  }
  return histogram;
}

TableConstraints constraints_from_json(const JsonView& view) {
  view.allow_keys({"types", "ranks", "nodes", "together", "apart", "min_column_width",
                   "max_column_width", "max_shards"});
  TableConstraints constraints;
  if (const auto types = view.find("types")) {
    for (const JsonView& type : types->elements()) {
      constraints.types.push_back(parse_name(type, parse_sharding_type));
    }
  }
  if (const auto ranks = view.find("ranks")) {
    for (const JsonView& rank : ranks->elements()) constraints.ranks.emplace_back(rank.integer(0));
  }
  if (const auto nodes = view.find("nodes")) {
    for (const JsonView& node : nodes->elements()) constraints.nodes.push_back(node.integer(0));
  }
  const auto names = [&](const char* key, std::vector<std::string>& tables) {
    const auto found = view.find(key);
    if (!found) return;
    for (const JsonView& name : found->elements()) tables.push_back(name.string());
  };
  names("together", constraints.together);
  names("apart", constraints.apart);
  const auto width = [&](const char* key) -> std::optional<std::int64_t> {
    const auto found = view.find(key);
    return found ? std::optional(column_count(*found)) : std::nullopt;
  };
  constraints.min_column_width = width("min_column_width");
  constraints.max_column_width = width("max_column_width");
  if (constraints.min_column_width > constraints.max_column_width && constraints.max_column_width) {
    view.fail("a min_column_width that is not above max_column_width");
  }
  if (const auto shards = view.find("max_shards")) constraints.max_shards = shards->integer(1);
  return constraints;
}

// Refuses a table whose weights or optimizer state nobody could address.
void check_size(const Table& table, const JsonView& view) {
  try {
    weight_bytes(table, table.rows, table.dim);
    optimizer_bytes(table.optimizer, table.rows, table.dim);
  } catch (const InputError&) {
    view.fail(fmt::format("a table of less than 2^63 bytes; {} rows of {} columns are more",
                          table.rows, table.dim));
  }
}

json constraints_to_json(const TableConstraints& constraints) {
  json result = json::object();
  for (const ShardingType type : constraints.types) result["types"].push_back(to_string(type));
  for (const RankId rank : constraints.ranks) result["ranks"].push_back(rank.value());
  if (!constraints.nodes.empty()) result["nodes"] = constraints.nodes;
  if (!constraints.together.empty()) result["together"] = constraints.together;
  if (!constraints.apart.empty()) result["apart"] = constraints.apart;
  if (constraints.min_column_width) result["min_column_width"] = *constraints.min_column_width;
  if (constraints.max_column_width) result["max_column_width"] = *constraints.max_column_width;
  if (constraints.max_shards) result["max_shards"] = *constraints.max_shards;
  return result;
}

}  // namespace

json table_to_json(const Table& table) {
  const Table defaults;
  json result = {{"name", table.name},
                 {"rows", table.rows},
                 {"dim", table.dim},
                 {"pooling", table.pooling},
                 {"optimizer", to_string(table.optimizer)},
                 {"features", table.features}};
  if (table.mode != defaults.mode) result["mode"] = to_string(table.mode);
  if (table.weighted) result["weighted"] = true;
  if (table.dtype != defaults.dtype) result["dtype"] = to_string(table.dtype);
  if (table.reuse) result["reuse"] = *table.reuse;
  if (table.reuse_batch_size) result["reuse_batch_size"] = *table.reuse_batch_size;
  if (table.constraints != defaults.constraints) {
    result["constraints"] = constraints_to_json(table.constraints);
  }
  return result;
}

Table table_from_json(const JsonView& view) {
  view.allow_keys({"name", "rows", "dim", "pooling", "mode", "weighted", "dtype", "optimizer",
                   "features", "reuse", "reuse_batch_size", "constraints"});
  Table table;
  table.name = view.at("name").string();
  if (table.name.empty()) view.at("name").fail("a name of at least one letter");
  table.rows = view.at("rows").integer(1, kMostRows);
  table.dim = column_count(view.at("dim"));
  table.features = {table.name};
  if (const auto found = view.find("pooling")) table.pooling = found->number(0, kMostPooling);
  if (const auto found = view.find("mode")) table.mode = parse_name(*found, parse_pooling_mode);
  if (const auto found = view.find("weighted")) table.weighted = found->boolean();
  if (const auto found = view.find("dtype")) table.dtype = parse_name(*found, parse_data_type);
  if (const auto found = view.find("optimizer")) {
    table.optimizer = parse_name(*found, parse_optimizer);
  }
  if (const auto found = view.find("features")) table.features = features_from_json(*found);
  if (const auto found = view.find("reuse")) table.reuse = reuse_from_json(*found);
  if (const auto found = view.find("reuse_batch_size")) table.reuse_batch_size = found->integer(1);
  if (const auto found = view.find("constraints")) {
    table.constraints = constraints_from_json(*found);
  }
  check_size(table, view);
  return table;
}

}  // namespace shardwright
