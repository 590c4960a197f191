#include "costmodel/errors.hpp"
#include "planner/exchange/export.hpp"
#include "planner/placement_words.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace shardwright {
namespace {

using nlohmann::json;

// What becomes of a table's cut: HugeCTR deals the rows of a table in turn to the GPUs that name
// it.
std::string loss_of(const Table& table, const std::vector<Shard>& shards) {
  const ShardingType type = shards.front().type;
  if (type == ShardingType::data_parallel || type == ShardingType::table_wise) return "";
  const auto ranks = ranks_of(shards);
  if (ranks.size() == 1) {
    return fmt::format("'{}' becomes whole on rank {}.", table.name, *ranks.begin());
  }
  const bool rows = type == ShardingType::row_wise || type == ShardingType::table_row_wise;
  return fmt::format(
      "'{}' is {} here; HugeCTR splits it over the ranks {} by rows dealt in turn{}.", table.name,
      placement_words(shards), runs_of(ranks), rows ? ", not in blocks" : ", not by columns");
}

}  // namespace

Exported export_hugectr(const Plan& plan) {
  Exported result;
  std::vector<json> matrix(plan.topology.ranks.size(), json::array());
  json mp = json::array();
  json dp = json::array();
  for (std::size_t i = 0; i < plan.workload.tables.size(); ++i) {
    const Table& table = plan.workload.tables[i];
    const auto shards = shards_of(plan, TableId::of(i));
    const bool replicated = !shards.front().rank;
    (replicated ? dp : mp).push_back(table.name);
    for (std::size_t rank = 0; rank < matrix.size(); ++rank) {
      const bool here = replicated || ranks_of(shards).count(static_cast<std::int64_t>(rank)) > 0;
      if (here) matrix[rank].push_back(table.name);
    }
    if (std::string loss = loss_of(table, shards); !loss.empty()) {
      result.losses.push_back(std::move(loss));
    }
  }
  for (std::size_t rank = 0; rank < matrix.size(); ++rank) {
    if (!matrix[rank].empty()) continue;
    result.losses.push_back(fmt::format(
        "Rank {} holds no table; HugeCTR refuses an empty list (\"no empty shard list is "
        "allowed\").",
        rank));
  }
  result.losses.emplace_back(
      "Only which table is on which rank is kept: sizes, predictions, topology and batch size stay "
      "behind.");
  json strategy = json::array();
  if (!mp.empty()) strategy.push_back({"mp", mp});
  if (!dp.empty()) strategy.push_back({"dp", dp});
  result.text = json{{"shard_matrix", matrix}, {"shard_strategy", strategy}}.dump(2) + "\n";
  return result;
}

Exported export_csv(const Plan& plan) {
  Exported result;
  result.text = "table,type,row_begin,row_end,col_begin,col_end,rank,bytes\n";
  for (const Shard& shard : plan.shards) {
    const Table& table = plan.workload.table(shard.table);
    std::string name = table.name;
    if (name.find_first_of(",\"\r\n") != std::string::npos) {
      std::string escaped = "\"";
      for (const char letter : name) {
        if (letter == '"') escaped += letter;
        escaped += letter;
      }
      name = escaped + "\"";
    }
    result.text += fmt::format("{},{},{},{},{},{},{},{}\n", name, to_string(shard.type),
                               shard.row_begin, shard.row_end, shard.col_begin, shard.col_end,
                               shard.rank ? fmt::to_string(shard.rank->value()) : std::string(),
                               weight_bytes(table, shard.rows(), shard.columns()).value());
  }
  result.losses.emplace_back(
      "The CSV has the shards alone; data_parallel shards have an empty rank.");
  return result;
}

}  // namespace shardwright
