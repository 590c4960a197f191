#include "runtime/device/pooled_routes.hpp"

#include <algorithm>
#include <stdexcept>

namespace shardwright {
namespace {

constexpr std::int64_t kQuad = 4;

void add_run(std::vector<QuadRoute>& quads, std::size_t owner, const ColumnRun& run) {
  for (std::int64_t c = 0; c < run.width; c += kQuad) {
    quads.push_back(
        {static_cast<std::int32_t>(owner), -1, run.owner_column + c, run.pooled_column + c});
  }
}

void add_quads(const ExchangeLayout& layout, PooledRoutes& routes) {
  for (std::size_t owner = 0; owner < layout.owners.size(); ++owner) {
    for (const ColumnRun& run : layout.owners[owner].runs) {
      if (!run.is_part) add_run(routes.quads, owner, run);
    }
  }
  for (const auto& [owner, run] : layout.partial_runs) add_run(routes.quads, owner, run);
  std::stable_sort(
      routes.quads.begin(), routes.quads.end(),
      [](const QuadRoute& a, const QuadRoute& b) { return a.pooled_column < b.pooled_column; });
}

void find_firsts(const ExchangeLayout& layout, PooledRoutes& routes) {
  std::size_t next = 0;
  for (std::int64_t column = 0; column < layout.pooled_columns; column += kQuad) {
    routes.first.push_back(static_cast<std::int64_t>(next));
    const std::size_t begin = next;
    while (next < routes.quads.size() && routes.quads[next].pooled_column == column) ++next;
    if (next == begin) throw std::logic_error("Pooled columns that no owner has.");
  }
  routes.first.push_back(static_cast<std::int64_t>(next));
}

void place_blocks(const ExchangeLayout& layout, RankId self, PooledRoutes& routes) {
  for (std::size_t owner = 0; owner < layout.owners.size(); ++owner) {
    const std::int64_t columns = layout.owners[owner].columns;
    routes.owner_columns.push_back(columns);
    routes.columns_before.push_back(routes.columns_of_others);
    if (owner != self.index()) routes.columns_of_others += columns;
  }
}

void mark_means(const ExchangeLayout& layout, const Workload& workload, PooledRoutes& routes) {
  for (std::size_t f = 0; f < layout.features.size(); ++f) {
    const PooledFeature& feature = layout.features[f];
    const Table& table = workload.table(feature.table);
    if (table.mode != PoolingMode::mean || !layout.splits_rows(feature.table)) continue;
    const std::int64_t end = feature.pooled_column + table.dim;
    for (QuadRoute& quad : routes.quads) {
      if (quad.pooled_column < feature.pooled_column || quad.pooled_column >= end) continue;
      quad.mean = static_cast<std::int32_t>(routes.split_means.size());
    }
    routes.split_means.push_back(f);
  }
}

}  // namespace

PooledRoutes make_routes(const ExchangeLayout& layout, const Workload& workload, RankId self) {
  PooledRoutes routes;
  add_quads(layout, routes);
  find_firsts(layout, routes);
  place_blocks(layout, self, routes);
  mark_means(layout, workload, routes);
  return routes;
}

}  // namespace shardwright
