#include "planner/coverage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <tuple>

namespace shardwright {
namespace {

constexpr std::size_t kEnough = 10'000;  // findings that anybody may want to read

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

// Findings, and which of them a next one may be joined to: by fault and columns, the last.
struct Findings {
  std::vector<Finding> all;
  std::map<std::tuple<Fault, std::int64_t, std::int64_t>, std::size_t> last;
};

// Joins a finding to one of the same columns that ends where it begins.
void add(Findings& findings, const Finding& next) {
  const auto [found, is_new] =
      findings.last.try_emplace({next.fault, next.col_begin, next.col_end}, findings.all.size());
  if (!is_new && findings.all[found->second].row_end == next.row_begin) {
    findings.all[found->second].row_end = next.row_end;
    return;
  }
  found->second = findings.all.size();
  findings.all.push_back(next);
}

// `strip`: the shards that hold rows of it, by col_begin.
void walk_strip(const Table& table, const std::multimap<std::int64_t, Shard>& strip,
                std::int64_t row_begin, std::int64_t row_end, Findings& findings) {
  std::int64_t covered = 0;  // columns [0, covered) are held
  for (const auto& [col_begin, shard] : strip) {
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
  std::vector<Shard> by_row = shards;
  std::stable_sort(by_row.begin(), by_row.end(),
                   [](const Shard& a, const Shard& b) { return a.row_begin < b.row_begin; });
  Findings findings;
  std::multimap<std::int64_t, Shard> strip;
  auto next = by_row.begin();
  const auto edges = row_edges(table, shards);
  for (std::size_t i = 0; i + 1 < edges.size() && findings.all.size() < kEnough; ++i) {
    std::erase_if(strip, [&](const auto& entry) { return entry.second.row_end <= edges[i]; });
    for (; next != by_row.end() && next->row_begin <= edges[i]; ++next) {
      strip.emplace(next->col_begin, *next);
    }
    walk_strip(table, strip, edges[i], edges[i + 1], findings);
  }
  std::vector<std::string> problems;
  problems.reserve(findings.all.size());
  for (const Finding& finding : findings.all) problems.push_back(sentence(table, finding));
  return problems;
}

}  // namespace shardwright
