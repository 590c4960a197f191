#include "runtime/measured/rank_tables.hpp"

#include "costmodel/reuse.hpp"
#include "costmodel/shard_load.hpp"
#include "costmodel/unique_rows.hpp"

#include <fmt/format.h>

namespace shardwright {
namespace {

constexpr double kMostSkew = 10;

MeasuredTable measured_table(const Workload& workload, const Shard& shard) {
  const Table& table = workload.table(shard.table);
  const auto samples = static_cast<double>(workload.batch_size);
  const ShardLoad load =
      load_of(table, shard, samples, expected_unique_rows(table, workload.batch_size));
  return {.rows = shard.rows(),
          .dim = shard.columns(),
          .pooling = load.lookups / samples,
          .skew = skew_for(shard.rows(), load.lookups, load.unique_rows),
          .features = std::ssize(table.features),
          .table_dim = shard.columns() < table.dim ? table.dim : 0};
}

/// Distinct rows as a reader of the timings will count them: from the law's histogram.
double unique_rows_under(std::int64_t rows, double lookups, double skew) {
  const double reuse = mean_reuse(zipf_reuse(rows, lookups, skew));
  return reuse > 0 ? lookups / reuse : 0;
}

/// What of a shard the schema cannot say beside those before it, or "".
std::string obstacle(const Table& table, const Shard& shard, const RankTables& before) {
  if (!shard.rank) return fmt::format("table {} is data_parallel", table.name);
  if (table.mode == PoolingMode::none) return fmt::format("table {} has no pooling", table.name);
  if (before.tables.empty()) return "";
  if (table.optimizer != before.optimizer) return "its tables have several optimizers";
  if (table.dtype != before.dtype) return "its tables have several number formats";
  return "";
}

}  // namespace

double skew_for(std::int64_t rows, double lookups, double unique_rows) {
  double low = 0;
  double high = kMostSkew;
  constexpr int kHalvings = 30;
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = (low + high) / 2;
    (unique_rows_under(rows, lookups, middle) > unique_rows ? low : high) = middle;
  }
  constexpr double kFinest = 1e-6;  // of the bisection's ends: what no skew reaches
  if (low == 0 || high < kFinest) return 0;
  return (low + high) / 2;
}

std::optional<RankTables> rank_tables(const Plan& plan, RankId rank, std::string& why) {
  RankTables result;
  why = "its look-ups and updates are also those of unique rows that it pools for its samples";
  if (!plan.unique_rows.empty()) return std::nullopt;
  why = "it has no table";
  for (const Shard& shard : plan.shards) {
    if (!shard.on(rank)) continue;
    const Table& table = plan.workload.table(shard.table);
    why = obstacle(table, shard, result);
    if (!why.empty()) return std::nullopt;
    result.optimizer = table.optimizer;
    result.dtype = table.dtype;
    result.tables.push_back(measured_table(plan.workload, shard));
  }
  if (result.tables.empty()) return std::nullopt;
  return result;
}

}  // namespace shardwright
