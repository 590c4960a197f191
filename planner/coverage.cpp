#include "planner/coverage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace shardwright {
namespace {

enum class Fault { nobody, twice };

// Rows [row_begin, row_end) × columns [col_begin, col_end) that are held by nobody or twice.
struct Finding {
  Fault fault;
  std::int64_t row_begin, row_end, col_begin, col_end;
};

std::vector<std::int64_t> row_edges(const Table& table, const std::vector<Shard>& shards) {
  std::vector<std::int64_t> edges = {0, table.rows};
  for (const Shard& shard : shards) {
    edges.push_back(shard.row_begin);
    edges.push_back(shard.row_end);
  }
  std::sort(edges.begin(), edges.end());
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  return edges;
}

// Joins a finding to one of the same columns that ends where it begins.
void add(std::vector<Finding>& findings, const Finding& next) {
  for (Finding& finding : findings) {
    if (finding.fault == next.fault && finding.row_end == next.row_begin &&
        finding.col_begin == next.col_begin && finding.col_end == next.col_end) {
      finding.row_end = next.row_end;
      return;
    }
  }
  findings.push_back(next);
}

// `by_column` is ordered by col_begin.
void walk_strip(const Table& table, const std::vector<Shard>& by_column, std::int64_t row_begin,
                std::int64_t row_end, std::vector<Finding>& findings) {
  std::int64_t covered = 0;  // columns [0, covered) are held
  for (const Shard& shard : by_column) {
    if (shard.row_begin > row_begin || shard.row_end < row_end) continue;
    if (shard.col_begin > covered) {
      add(findings, {Fault::nobody, row_begin, row_end, covered, shard.col_begin});
    } else if (shard.col_begin < covered) {
      const std::int64_t end = std::min(covered, shard.col_end);
      add(findings, {Fault::twice, row_begin, row_end, shard.col_begin, end});
    }
    covered = std::max(covered, shard.col_end);
  }
  if (covered < table.dim) add(findings, {Fault::nobody, row_begin, row_end, covered, table.dim});
}

std::string sentence(const Table& table, const Finding& finding) {
  return fmt::format("Table '{}': rows [{}, {}) x columns [{}, {}) are placed {}, expected once.",
                     table.name, finding.row_begin, finding.row_end, finding.col_begin,
                     finding.col_end,
                     finding.fault == Fault::nobody ? "nowhere" : "more than once");
}

}  // namespace

std::vector<std::string> coverage_problems(const Table& table, const std::vector<Shard>& shards) {
  std::vector<Shard> by_column = shards;
  std::stable_sort(by_column.begin(), by_column.end(),
                   [](const Shard& a, const Shard& b) { return a.col_begin < b.col_begin; });
  std::vector<Finding> findings;
  const auto edges = row_edges(table, shards);
  for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
    walk_strip(table, by_column, edges[i], edges[i + 1], findings);
  }
  std::vector<std::string> problems;
  problems.reserve(findings.size());
  for (const Finding& finding : findings) problems.push_back(sentence(table, finding));
  return problems;
}

}  // namespace shardwright
