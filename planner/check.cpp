#include "planner/check.hpp"

#include "planner/coverage.hpp"
#include "planner/memory_model.hpp"
#include "planner/placement_words.hpp"
#include "planner/unique_rows.hpp"
#include "planner/unique_rows_memory.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string_view>

namespace shardwright {
namespace {

constexpr std::int64_t kWidthStep = 4;

using Problems = std::vector<std::string>;

std::string range(std::int64_t begin, std::int64_t end) {
  return fmt::format("[{}, {})", begin, end);
}

std::string call(const Table& table, const Shard& shard) {
  return fmt::format("Table '{}': the {} shard of rows {} x columns {}", table.name,
                     to_string(shard.type), range(shard.row_begin, shard.row_end),
                     range(shard.col_begin, shard.col_end));
}

bool inside(const Table& table, const Shard& shard) {
  return shard.row_begin >= 0 && shard.row_begin < shard.row_end && shard.row_end <= table.rows &&
         shard.col_begin >= 0 && shard.col_begin < shard.col_end && shard.col_end <= table.dim;
}

bool exists(const Topology& topology, RankId rank) {
  return rank.value() >= 0 && rank.value() < topology.size();
}

bool whole_rows(const Table& table, const Shard& shard) { return shard.rows() == table.rows; }
bool whole_columns(const Table& table, const Shard& shard) { return shard.columns() == table.dim; }

// What a type asks of the shape of each shard; empty if it is met.
std::string_view shape_rule(const Table& table, const Shard& shard) {
  switch (shard.type) {
    case ShardingType::data_parallel:
    case ShardingType::table_wise:
      if (!whole_rows(table, shard) || !whole_columns(table, shard)) return "the whole table";
      break;
    case ShardingType::column_wise:
    case ShardingType::table_column_wise:
      if (!whole_rows(table, shard)) return "all rows of the table";
      break;
    case ShardingType::row_wise:
    case ShardingType::table_row_wise:
      if (!whole_columns(table, shard)) return "all columns of the table";
      break;
    case ShardingType::grid:
      break;
  }
  return "";
}

void check_shard(const Plan& plan, const Table& table, const Shard& shard, Problems& problems) {
  const auto complain = [&](const std::string& what) {
    problems.push_back(call(table, shard) + " " + what);
  };
  if (!inside(table, shard)) {
    complain(fmt::format("is empty or leaves the table, expected a part of rows {} x columns {}.",
                         range(0, table.rows), range(0, table.dim)));
    return;
  }
  if (const auto rule = shape_rule(table, shard); !rule.empty()) {
    complain(fmt::format("is not what that type means, expected {}.", rule));
  }
  if (shard.col_begin % kWidthStep != 0 || shard.col_end % kWidthStep != 0) {
    complain(
        fmt::format("is cut between multiples of {}, expected column ranges that begin and "
                    "end at one.",
                    kWidthStep));
  }
  if (shard.type == ShardingType::data_parallel) {
    if (shard.rank) complain("has a rank, expected null: every rank holds it.");
  } else if (!shard.rank) {
    complain("has no rank, expected one; only data_parallel shards have none.");
  } else if (!exists(plan.topology, *shard.rank)) {
    complain(fmt::format("is on rank {}, expected a rank from 0 to {}.", shard.rank->value(),
                         plan.topology.size() - 1));
  }
}

// Shards of a table that hang together: one type, as many as it allows, on one node where it says.
void check_shards_together(const Plan& plan, const Table& table, const std::vector<Shard>& shards,
                           Problems& problems) {
  std::set<std::string_view> types;
  std::map<std::int64_t, std::set<std::int64_t>> nodes;  // of each column range, or of all
  for (const Shard& shard : shards) {
    types.insert(to_string(shard.type));
    if (!shard.rank || !exists(plan.topology, *shard.rank)) continue;
    const std::int64_t group = shard.type == ShardingType::grid ? shard.col_begin : 0;
    nodes[group].insert(plan.topology.rank(*shard.rank).node);
  }
  if (types.size() > 1) {
    problems.push_back(
        fmt::format("Table '{}' mixes the types {}, expected one type for all of it.", table.name,
                    fmt::join(types, ", ")));
    return;
  }
  const ShardingType type = shards.front().type;
  const bool by_node = type == ShardingType::table_row_wise ||
                       type == ShardingType::table_column_wise || type == ShardingType::grid;
  for (const auto& [group, of_group] : nodes) {
    if (!by_node || of_group.size() < 2) continue;
    problems.push_back(fmt::format(
        "Table '{}'{} is spread over the nodes {}, expected ranks of one node for {}.", table.name,
        type == ShardingType::grid ? fmt::format(" from column {}", group) : "",
        fmt::join(of_group, ", "), to_string(type)));
  }
  const bool single = type == ShardingType::data_parallel || type == ShardingType::table_wise;
  if (single && shards.size() > 1) {
    problems.push_back(fmt::format("Table '{}' has {} {} shards, expected exactly one.", table.name,
                                   shards.size(), to_string(type)));
  }
}

template <class Value>
bool allows(const std::vector<Value>& allowed, const Value& value) {
  return allowed.empty() || std::find(allowed.begin(), allowed.end(), value) != allowed.end();
}

void check_constraints(const Plan& plan, const Table& table, const std::vector<Shard>& shards,
                       Problems& problems) {
  const TableConstraints& asked = table.constraints;
  const auto count = static_cast<std::int64_t>(shards.size());
  if (asked.max_shards && count > *asked.max_shards) {
    problems.push_back(fmt::format("Table '{}' has {} shards, but its constraints allow {}.",
                                   table.name, count, *asked.max_shards));
  }
  for (const Shard& shard : shards) {
    const auto complain = [&](const std::string& what) {
      problems.push_back(call(table, shard) + " " + what + ", which its constraints do not allow.");
    };
    if (!allows(asked.types, shard.type)) complain("is of this type");
    for (std::int64_t rank = 0; rank < plan.topology.size(); ++rank) {
      if (!shard.on(RankId(rank))) continue;
      const RankSpec& spec = plan.topology.rank(RankId(rank));
      if (!allows(asked.ranks, RankId(rank))) complain(fmt::format("is on rank {}", rank));
      if (!allows(asked.nodes, spec.node)) complain(fmt::format("is on node {}", spec.node));
      if (spec.excluded) {
        problems.push_back(fmt::format("{} is on rank {}, which is excluded from holding tables.",
                                       call(table, shard), rank));
      }
    }
    if (asked.max_column_width && shard.columns() > *asked.max_column_width) {
      complain(
          fmt::format("is {} columns wide (at most {})", shard.columns(), *asked.max_column_width));
    }
    const bool cut = !whole_columns(table, shard);
    if (cut && asked.min_column_width && shard.columns() < *asked.min_column_width) {
      complain(fmt::format("is {} columns wide (at least {})", shard.columns(),
                           *asked.min_column_width));
    }
  }
}

void check_table(const Plan& plan, const Table& table, const std::vector<Shard>& shards,
                 Problems& problems) {
  if (shards.empty()) {
    problems.push_back(fmt::format("Table '{}' is placed nowhere.", table.name));
    return;
  }
  std::vector<Shard> sound;
  for (const Shard& shard : shards) {
    check_shard(plan, table, shard, problems);
    if (inside(table, shard)) sound.push_back(shard);
  }
  check_shards_together(plan, table, shards, problems);
  check_constraints(plan, table, shards, problems);
  for (std::string& problem : coverage_problems(table, sound)) {
    problems.push_back(std::move(problem));
  }
}

// Counts the shards that can be counted; the others were complained about.
void check_memory(const Plan& plan, Problems& problems) {
  std::vector<Shard> sound;
  for (const Shard& shard : plan.shards) {
    if (inside(plan.workload.table(shard.table), shard) &&
        (!shard.rank || exists(plan.topology, *shard.rank))) {
      sound.push_back(shard);
    }
  }
  const auto memory = unique_rows_problems(plan).empty()
                          ? memory_of_plan(plan, sound)
                          : memory_of_ranks(plan.memory_model, plan.workload, plan.topology, sound);
  for (std::size_t rank = 0; rank < memory.size(); ++rank) {
    const Bytes has = plan.topology.ranks[rank].usable();
    const Bytes needs = memory[rank].total();
    if (needs <= has) continue;
    problems.push_back(
        fmt::format("Rank {} needs {} by the memory model {}, but has {}: {} too much.", rank,
                    format_bytes(needs), to_string(plan.memory_model), format_bytes(has),
                    format_bytes(needs - has)));
  }
}

using Ranks = std::set<std::int64_t>;

Ranks ranks_of(const Plan& plan, const std::vector<Shard>& shards) {
  Ranks ranks;
  for (const Shard& shard : shards) {
    if (shard.rank) ranks.insert(shard.rank->value());
    for (std::int64_t rank = 0; !shard.rank && rank < plan.topology.size(); ++rank) {
      ranks.insert(rank);
    }
  }
  return ranks;
}

void check_pair(const Table& table, const Ranks& own, const Table& other, const Ranks& others,
                bool together, Problems& problems) {
  if (together) {
    if (own == others && own.size() <= 1) return;
    problems.push_back(fmt::format(
        "Tables '{}' and '{}' must share one rank by their constraints, but are on ranks {} and "
        "{}.",
        table.name, other.name, fmt::join(own, ", "), fmt::join(others, ", ")));
    return;
  }
  Ranks common;
  std::set_intersection(own.begin(), own.end(), others.begin(), others.end(),
                        std::inserter(common, common.end()));
  if (common.empty()) return;
  problems.push_back(
      fmt::format("Tables '{}' and '{}' must be apart by their constraints, but share ranks {}.",
                  table.name, other.name, fmt::join(common, ", ")));
}

bool names(const std::vector<std::string>& list, const std::string& name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

void check_companions(const Plan& plan, const std::vector<std::vector<Shard>>& by_table,
                      Problems& problems) {
  const auto& tables = plan.workload.tables;
  std::map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < tables.size(); ++i) places.emplace(tables[i].name, i);
  const auto check_list = [&](std::size_t i, auto member) {
    for (const std::string& name : tables[i].constraints.*member) {
      const auto other = places.find(name);
      if (other == places.end()) {
        problems.push_back(fmt::format(
            "The constraints of table '{}' name '{}', which is no table.", tables[i].name, name));
        continue;
      }
      const std::size_t j = other->second;
      if (j < i && names(tables[j].constraints.*member, tables[i].name)) continue;  // said already
      check_pair(tables[i], ranks_of(plan, by_table[i]), tables[j], ranks_of(plan, by_table[j]),
                 member == &TableConstraints::together, problems);
    }
  };
  for (std::size_t i = 0; i < tables.size(); ++i) {
    check_list(i, &TableConstraints::together);
    check_list(i, &TableConstraints::apart);
  }
}

// A table and those that it asks something of, or that ask something of it.
void check_companions_of(const Plan& plan, TableId id, const std::vector<Shard>& shards,
                         Problems& problems) {
  const Table& table = plan.workload.table(id);
  for (std::size_t i = 0; i < plan.workload.tables.size(); ++i) {
    const Table& other = plan.workload.tables[i];
    for (auto member : {&TableConstraints::together, &TableConstraints::apart}) {
      const bool related = names(table.constraints.*member, other.name) ||
                           names(other.constraints.*member, table.name);
      if (!related || TableId::of(i) == id) continue;
      check_pair(table, ranks_of(plan, shards), other,
                 ranks_of(plan, shards_of(plan, TableId::of(i))),
                 member == &TableConstraints::together, problems);
    }
  }
}

}  // namespace

std::vector<std::string> check_placement(const Plan& plan, TableId table,
                                         const std::vector<Shard>& shards) {
  Problems problems = check_alone(plan, table, shards);
  check_companions_of(plan, table, shards, problems);
  return problems;
}

std::vector<std::string> check_alone(const Plan& plan, TableId table,
                                     const std::vector<Shard>& shards) {
  Problems problems;
  check_table(plan, plan.workload.table(table), shards, problems);
  return problems;
}

std::vector<std::string> check_plan(const Plan& plan) {
  Problems problems;
  std::vector<std::vector<Shard>> by_table(plan.workload.tables.size());
  for (const Shard& shard : plan.shards) by_table[shard.table.index()].push_back(shard);
  for (std::size_t i = 0; i < by_table.size(); ++i) {
    check_table(plan, plan.workload.tables[i], by_table[i], problems);
  }
  check_companions(plan, by_table, problems);
  for (std::string& problem : unique_rows_problems(plan)) problems.push_back(std::move(problem));
  check_memory(plan, problems);
  return problems;
}

}  // namespace shardwright
