#include "planner/search/infeasibility.hpp"

#include "planner/search/cuts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace shardwright {
namespace {

std::optional<Infeasibility> batch_too_large(const Problem& problem) {
  const auto worst = std::min_element(problem.room.begin(), problem.room.end());
  if (worst->value() >= 0) return {};
  const Bytes missing = Bytes(0) - *worst;
  const auto rank = static_cast<std::size_t>(worst - problem.room.begin());
  const Bytes has = problem.topology.ranks[rank].memory;
  return Infeasibility{
      fmt::format("Rank {} has {}, but its share of the batch of {} samples alone takes {}: {} are "
                  "missing",
                  rank, format_gigabytes(has), problem.workload.batch_size,
                  format_gigabytes(has + missing), format_gigabytes(missing)),
      missing};
}

// What the widest shard of any legal cut takes at least.
Bytes least_largest(const Problem& problem, TableId id) {
  Shard shard = coarsest_cut(problem, id).front();
  shard.col_end = least_widest(problem.workload.table(id), problem.rules[id.index()]);
  return bytes_of(problem, shard);
}

std::optional<Infeasibility> table_too_large(const Problem& problem, TableId id) {
  Bytes roomiest;
  for (const RankId rank : problem.rules[id.index()].ranks) {
    roomiest = std::max(roomiest, problem.room[rank.index()]);
  }
  const Bytes needed = least_largest(problem, id);
  if (needed <= roomiest) return {};
  const Table& table = problem.workload.table(id);
  const bool whole = least_widest(table, problem.rules[id.index()]) == table.dim;
  return Infeasibility{
      fmt::format(
          "Table '{}' needs {} on one rank, {}, but its roomiest rank has {}: {} are missing",
          table.name, format_gigabytes(needed),
          whole ? "as it may not be cut" : "even cut as finely as it may be",
          format_gigabytes(roomiest), format_gigabytes(needed - roomiest)),
      needed - roomiest};
}

Bytes bytes_from(double bytes) { return Bytes(static_cast<std::int64_t>(std::min(bytes, 0x1p62))); }

std::optional<Infeasibility> all_too_large(const Problem& problem) {
  double needed = 0;
  for (std::size_t i = 0; i < problem.rules.size(); ++i) {
    for (const Shard& shard : coarsest_cut(problem, TableId::of(i))) {
      needed += static_cast<double>(bytes_of(problem, shard).value());
    }
  }
  double room = 0;
  for (const Bytes rank : problem.room) room += static_cast<double>(rank.value());
  if (needed <= room) return {};
  const Bytes missing = bytes_from(needed - room);
  return Infeasibility{
      fmt::format(
          "The {} tables need {}, but the {} ranks together have {} for them: {} are missing",
          problem.rules.size(), format_gigabytes(bytes_from(needed)), problem.room.size(),
          format_gigabytes(bytes_from(room)), format_gigabytes(missing)),
      missing};
}

// The proofs below know tables in parts with all rows on one rank each.
bool keeps_rows(ShardingType type) {
  return type == ShardingType::table_wise || type == ShardingType::column_wise ||
         type == ShardingType::table_column_wise;
}

}  // namespace

std::optional<Infeasibility> prove_infeasible(const Problem& problem) {
  if (auto proof = batch_too_large(problem)) return proof;
  for (const TableRules& rules : problem.rules) {
    if (!std::all_of(rules.types.begin(), rules.types.end(), keeps_rows)) return {};
  }
  if (auto proof = all_too_large(problem)) return proof;
  for (std::size_t i = 0; i < problem.rules.size(); ++i) {
    if (auto proof = table_too_large(problem, TableId::of(i))) return proof;
  }
  return {};
}

std::string format_gigabytes(Bytes bytes) {
  constexpr double kLeast = 0.1;  // of a unit, before the next smaller one is used
  constexpr std::array<std::pair<double, const char*>, 3> kUnits = {
      {{1e9, "GB"}, {1e6, "MB"}, {1e3, "kB"}}};
  const auto value = static_cast<double>(bytes.value());
  for (const auto& [unit, name] : kUnits) {
    if (std::abs(value) >= kLeast * unit) return fmt::format("{:.3g} {}", value / unit, name);
  }
  return fmt::format("{} B", bytes.value());
}

}  // namespace shardwright
