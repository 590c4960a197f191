#include "costmodel/errors.hpp"
#include "costmodel/json/json_view.hpp"
#include "planner/exchange/import.hpp"
#include "planner/exchange/left_out.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

namespace shardwright {
namespace {

using nlohmann::json;

std::map<std::string, std::vector<RankId>> ranks_by_table(const JsonView& matrix,
                                                          const Topology& topology) {
  const auto rows = matrix.elements();
  if (static_cast<std::int64_t>(rows.size()) != topology.size()) {
    matrix.fail(fmt::format("one list for each of the {} ranks of --topology", topology.size()));
  }
  std::map<std::string, std::vector<RankId>> ranks;
  for (std::size_t rank = 0; rank < rows.size(); ++rank) {
    for (const JsonView& name : rows[rank].elements()) {
      ranks[name.string()].push_back(RankId::of(rank));
    }
  }
  return ranks;
}

std::set<std::string> replicated_tables(const JsonView& document) {
  std::set<std::string> names;
  const auto strategies = document.find("shard_strategy");
  if (!strategies) return names;
  for (const JsonView& strategy : strategies->elements()) {
    const auto pair = strategy.elements();
    if (pair.size() != 2) strategy.fail("a pair, as [\"mp\", [\"t0\", \"t1\"]]");
    const std::string kind = pair[0].string();
    if (kind != "mp" && kind != "dp") pair[0].fail("\"mp\" or \"dp\"");
    for (const JsonView& name : pair[1].elements()) {
      if (kind == "dp") names.insert(name.string());
    }
  }
  return names;
}

// A replica is on every rank here.
void compare_ranks(const Table& table, const std::vector<RankId>& ranks, ImportedPlan& result) {
  const std::set<RankId> different(ranks.begin(), ranks.end());
  const auto all = result.plan.topology.ranks.size();
  if (different.size() == all) return;
  result.losses.push_back(fmt::format("'{}' is \"dp\" on {} of {} ranks; here every rank has it.",
                                      table.name, different.size(), all));
}

// Of "dp", those that no list of ranks has; "mp" is what all others are.
void note_strange_names(const std::set<std::string>& replicated, const Workload& tables,
                        ImportedPlan& result) {
  std::set<std::string> strange = replicated;
  for (const Table& table : tables.tables) strange.erase(table.name);
  if (strange.empty()) return;
  result.losses.push_back(
      fmt::format("shard_strategy names tables that --tables does not have: '{}'.",
                  fmt::join(strange, "', '")));
}

void place(const Table& table, TableId id, const std::vector<RankId>& ranks, bool replicated,
           ImportedPlan& result) {
  auto& shards = result.plan.shards;
  if (replicated) {
    compare_ranks(table, ranks, result);
    shards.push_back({id, ShardingType::data_parallel, 0, table.rows, 0, table.dim, {}});
    return;
  }
  const auto count = static_cast<std::int64_t>(ranks.size());
  if (count == 1) {
    shards.push_back({id, ShardingType::table_wise, 0, table.rows, 0, table.dim, ranks[0]});
    return;
  }
  const std::int64_t block = (table.rows + count - 1) / count;
  for (std::int64_t i = 0; i * block < table.rows; ++i) {
    shards.push_back({id, ShardingType::row_wise, i * block, std::min((i + 1) * block, table.rows),
                      0, table.dim, ranks[static_cast<std::size_t>(i)]});
  }
  result.losses.push_back(fmt::format(
      "HugeCTR deals the rows of '{}' to {} ranks in turn; here each has a block of {}.",
      table.name, count, block));
}

}  // namespace

ImportedPlan import_hugectr(const json& document, const std::string& file, const Workload& tables,
                            const Topology& topology) {
  const JsonView view(document, file);
  auto ranks = ranks_by_table(view.at("shard_matrix"), topology);
  const auto replicated = replicated_tables(view);
  ImportedPlan result;
  LeftOut left_out;
  left_out.note(view, {"shard_matrix", "shard_strategy"});
  left_out.report(result.losses);
  result.plan.workload = tables;
  result.plan.topology = topology;
  note_strange_names(replicated, tables, result);
  for (std::size_t i = 0; i < tables.tables.size(); ++i) {
    const Table& table = tables.tables[i];
    const auto found = ranks.find(table.name);
    if (found == ranks.end()) {
      throw InputError(
          fmt::format("{}: no list of shard_matrix has the table '{}'.", file, table.name));
    }
    place(table, TableId::of(i), found->second, replicated.count(table.name) > 0, result);
    ranks.erase(found);
  }
  if (!ranks.empty()) {
    throw InputError(fmt::format("{}: shard_matrix names '{}', which --tables does not have.", file,
                                 ranks.begin()->first));
  }
  return result;
}

}  // namespace shardwright
