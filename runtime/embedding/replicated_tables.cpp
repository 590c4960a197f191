#include "runtime/embedding/replicated_tables.hpp"

#include "runtime/embedding/bags_view.hpp"
#include "runtime/embedding/one_id_bags.hpp"
#include "runtime/embedding/work_split.hpp"

#include <algorithm>

namespace shardwright {

ReplicatedTables::ReplicatedTables(const ExchangeLayout& layout, const Workload& workload,
                                   const OptimizerSettings& settings,
                                   std::span<ShardedEmbeddings::LocalShard> shards,
                                   Workers& workers)
    : workload_(workload),
      settings_(settings),
      shards_(shards),
      workers_(workers),
      pooled_columns_(layout.pooled_columns) {
  std::size_t rows = 0;
  std::size_t values = 0;
  std::size_t bags = 0;
  for (std::size_t s = 0; s < shards_.size(); ++s) {
    const Shard& shard = shards_[s].shard;
    Table& table = tables_.emplace_back();
    table.shard = s;
    const auto first =
        std::find_if(layout.features.begin(), layout.features.end(),
                     [&](const PooledFeature& feature) { return feature.table == shard.table; });
    table.first_feature = static_cast<std::size_t>(first - layout.features.begin());
    table.num_features = workload_.table(shard.table).features.size();
    table.first_bags = bags;
    table.pooled_column = first->pooled_column;
    table.first_row = rows;
    table.first_gradient = values;
    exchanges_marks_ |= moves_by_zero(workload_.table(shard.table).optimizer, settings_);
    rows += static_cast<std::size_t>(shard.rows());
    values += static_cast<std::size_t>(shard.rows() * shard.columns());
    bags += table.num_features;
    cut_rows(s);
  }
  gradients_.resize(values);
  touched_.resize((rows + 7) / 8);
}

/// Into parts of about as many weights.
void ReplicatedTables::cut_rows(std::size_t table) {
  constexpr std::int64_t kWeights = std::int64_t{1} << 14;
  const Shard& shard = shard_of(tables_[table]);
  const std::int64_t most = std::max(kWeights / shard.columns(), std::int64_t{1});
  for (std::int64_t begin = 0; begin < shard.rows(); begin += most) {
    rows_.push_back({table, begin, std::min(begin + most, shard.rows())});
  }
}

void ReplicatedTables::remember(const Batch& batch) {
  bags_.clear();
  for (const Table& table : tables_) {
    for (std::size_t k = 0; k < table.num_features; ++k) {
      bags_.push_back(batch.features[table.first_feature + k]);
    }
  }
  task_ = task_share();
}

std::size_t ReplicatedTables::columns_of(const Table& table) const {
  return static_cast<std::size_t>(shard_of(table).columns());
}

/// The ids of the rank's own samples.
WorkShare ReplicatedTables::task_share() const {
  std::size_t work = 0;
  for (const Table& table : tables_) {
    for (std::size_t k = 0; k < table.num_features; ++k) {
      work += work_on(bags_[table.first_bags + k].ids.size(), columns_of(table));
    }
  }
  return share_of(work, workers_.threads());
}

void ReplicatedTables::look_up(const OwnVectors& vectors, const OutputValues& values) {
  look_ups_.clear();
  auto bags = bags_.begin();
  for (const Table& table : tables_) {
    for (std::size_t k = 0; k < table.num_features; ++k, ++bags) {
      if (is_unpooled(table)) {
        const std::size_t begin = vectors.begin(table.first_feature + k);
        plan_vectors(table, *bags, values.vectors.data() + begin);
      } else {
        plan_pooling(table, *bags, values.pooled.data() + first_column(table, k));
      }
    }
  }
  run_look_ups(workers_, look_ups_);
}

void ReplicatedTables::plan_pooling(const Table& table, const Bags& bags, float* out) {
  const WeightRows rows = rows_from(shards_[table.shard], 0).to_read();
  const PoolingMode mode = workload_.table(shard_of(table).table).mode;
  for (const BagsPart& part : split_bags(view(bags), task_.ids(columns_of(table)))) {
    float* const first = out + static_cast<std::int64_t>(part.first_bag) * pooled_columns_;
    look_ups_.push_back({part.bags, mode, rows, first, pooled_columns_});
  }
}

void ReplicatedTables::plan_vectors(const Table& table, const Bags& bags, float* out) {
  const WeightRows rows = rows_from(shards_[table.shard], 0).to_read();
  for (const BagsPart& part : one_id_bags(view(bags), task_.ids(columns_of(table)))) {
    float* const first = out + static_cast<std::int64_t>(part.first_bag) * rows.width;
    look_ups_.push_back({part.bags, PoolingMode::none, rows, first, rows.width});
  }
}

}  // namespace shardwright
