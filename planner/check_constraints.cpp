#include "planner/check_constraints.hpp"

#include "planner/check_shards.hpp"
#include "planner/placement_words.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string_view>

namespace shardwright {
namespace {

using Problems = std::vector<std::string>;

template <class Value>
bool allows(const std::vector<Value>& allowed, const Value& value) {
  return allowed.empty() || std::find(allowed.begin(), allowed.end(), value) != allowed.end();
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

void not_allowed(const Table& table, const Shard& shard, std::string_view what,
                 Problems& problems) {
  problems.push_back(
      fmt::format("{} {}, which its constraints do not allow.", name_shard(table, shard), what));
}

void check_ranks(const Plan& plan, const Table& table, const Shard& shard, Problems& problems) {
  const TableConstraints& asked = table.constraints;
  for (std::int64_t rank = 0; rank < plan.topology.size(); ++rank) {
    if (!shard.on(RankId(rank))) continue;
    const RankSpec& spec = plan.topology.rank(RankId(rank));
    if (!allows(asked.ranks, RankId(rank))) {
      not_allowed(table, shard, fmt::format("is on rank {}", rank), problems);
    }
    if (!allows(asked.nodes, spec.node)) {
      not_allowed(table, shard, fmt::format("is on node {}", spec.node), problems);
    }
    if (!spec.excluded) continue;
    problems.push_back(fmt::format("{} is on rank {}, which is excluded from holding tables.",
                                   name_shard(table, shard), rank));
  }
}

void check_widths(const Table& table, const Shard& shard, Problems& problems) {
  const TableConstraints& asked = table.constraints;
  const auto complain = [&](const char* bound, std::int64_t columns) {
    not_allowed(table, shard,
                fmt::format("is {} columns wide (at {} {})", shard.columns(), bound, columns),
                problems);
  };
  if (asked.max_column_width && shard.columns() > *asked.max_column_width) {
    complain("most", *asked.max_column_width);
  }
  const bool is_cut = shard.columns() != table.dim;
  if (is_cut && asked.min_column_width && shard.columns() < *asked.min_column_width) {
    complain("least", *asked.min_column_width);
  }
}

}  // namespace

void check_constraints(const Plan& plan, const Table& table, const std::vector<Shard>& shards,
                       Problems& problems) {
  const TableConstraints& asked = table.constraints;
  const auto count = static_cast<std::int64_t>(shards.size());
  if (asked.max_shards && count > *asked.max_shards) {
    problems.push_back(fmt::format("Table '{}' has {} shards, but its constraints allow {}.",
                                   table.name, count, *asked.max_shards));
  }
  for (const Shard& shard : shards) {
    if (!allows(asked.types, shard.type)) not_allowed(table, shard, "is of this type", problems);
    check_ranks(plan, table, shard, problems);
    check_widths(table, shard, problems);
  }
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

}  // namespace shardwright
