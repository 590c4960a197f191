#pragma once

#include "costmodel/timings/compute_timings.hpp"
#include "planner/plan.hpp"

#include <optional>
#include <string>
#include <vector>

namespace shardwright {

/// The shards of one rank as the timing schema describes table sets (docs/timings.md).
struct RankTables {
  std::vector<MeasuredTable> tables;
  OptimizerKind optimizer = OptimizerKind::rowwise_adagrad;
  DataType dtype = DataType::fp32;
};

/// The shards of `rank` as tables of their own: the rows and columns they have, the ids of the
/// plan's global batch that fall into them, and the skew of the Zipf law under which these ids
/// would touch as many rows as they are expected to. Nothing if the rank has no shards or the
/// schema cannot say what it has (data_parallel tables, tables without pooling, several optimizers
/// or number formats) or does (any rank of a plan with unique rows); `why` is then set.
std::optional<RankTables> rank_tables(const Plan& plan, RankId rank, std::string& why);

/// The skew of the Zipf law, 0 to 10, under which `lookups` ids of `rows` rows touch `unique_rows`
/// of them by the law's histogram (zipf_reuse), as readers of timings count; the nearest where no
/// skew does.
double skew_for(std::int64_t rows, double lookups, double unique_rows);

}  // namespace shardwright
