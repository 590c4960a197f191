#include "costmodel/compute/shard_features.hpp"

#include "costmodel/kept_rows.hpp"
#include "costmodel/reuse.hpp"
#include "costmodel/row_statistics.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace shardwright {
namespace {

constexpr double kLine = 64;  // bytes that memory moves at a time
constexpr std::int64_t kLineValues = 16;

double width_of(const ShardWork& work) { return static_cast<double>(work.shard.columns()); }

bool keeps_state_per_value(OptimizerKind optimizer) {
  return optimizer == OptimizerKind::adagrad || optimizer == OptimizerKind::adam ||
         optimizer == OptimizerKind::rowwise_adam || optimizer == OptimizerKind::ftrl;
}

// Passes of a radix sort by 11 bits.
double sorting_passes(const ShardWork& work) {
  const auto rows = static_cast<std::uint64_t>(work.shard.rows());
  return std::ceil(static_cast<double>(std::bit_width(rows - 1)) / 11);
}

double lines(double bytes) { return std::ceil(bytes / kLine); }

// In widths. Where row statistics are shared, gradients are summed in two passes.
double sums(const ShardWork& work) {
  if (!shares_row_statistics(*work.table, work.shard)) return work.load.lookups;
  return sums_of_both_passes(work.load, kept_share(work.reuse));
}

}  // namespace

const std::array<std::string_view, WorkTerms::kForward> kForwardTermNames = {
    "shards", "bags", "ids", "gathered_values", "memory_lines", "output_values"};
const std::array<std::string_view, WorkTerms::kBackward> kBackwardTermNames = {
    "shards",       "bags",           "sorted_ids",       "summed_values",
    "memory_lines", "updated_values", "values_with_state"};

const std::array<std::string_view, kNumFeatures> kFeatureNames = {
    "log_ids",       "log_unique_rows",   "log_bags",       "log_width",    "log_rows",
    "unique_share",  "log_weight_bytes",  "log_pooling",    "log_touched",  "log_state_per_row",
    "without_state", "state_per_value",   "sorting_passes", "weighted",     "reuse_0",
    "reuse_1",       "reuse_2",           "reuse_3",        "reuse_4",      "reuse_5",
    "reuse_6",       "reuse_7",           "reuse_8",        "reuse_9",      "reuse_10",
    "reuse_11",      "reuse_12",          "reuse_13",       "reuse_14",     "reuse_15",
    "reuse_16",      "shares_statistics", "copy_speed",     "gather_speed", "fma_speed",
    "fills_lines"};

double ShardWork::row_bytes() const {
  return static_cast<double>(shard.columns() * bytes_per_element(table->dtype));
}

double ShardWork::state_bytes_per_row() const {
  return static_cast<double>(optimizer_bytes(table->optimizer, 1, shard.columns()).value());
}

double ShardWork::touched_bytes() const {
  return load.unique_rows * (row_bytes() + state_bytes_per_row());
}

double ShardWork::output_bytes() const {
  if (table->mode == PoolingMode::none || shard.type == ShardingType::data_parallel) return 0;
  return load.output_rows * static_cast<double>(shard.columns()) * sizeof(float);
}

bool ShardWork::fills_lines() const { return shard.columns() % kLineValues == 0; }

WorkTerms work_terms(const ShardWork& work) {
  const ShardLoad& load = work.load;
  const double width = width_of(work);
  const double updated = load.unique_rows * width;
  WorkTerms terms;
  terms.forward = {1,
                   load.bags,
                   load.lookups,
                   load.lookups * width,
                   load.unique_rows * lines(work.row_bytes()),
                   load.output_rows * width};
  terms.backward = {
      1,
      load.bags,
      load.lookups * (1 + sorting_passes(work)),
      sums(work) * width,
      load.unique_rows * (lines(work.row_bytes()) + lines(work.state_bytes_per_row())),
      updated,
      keeps_state_per_value(work.table->optimizer) ? updated : 0};
  return terms;
}

WorkTerms at_speeds(WorkTerms terms, const MachineSpeeds& speeds) {
  const auto scale = [&](auto& units) {
    for (std::size_t k = 0; k < units.size(); ++k) {
      units[k] *= k == WorkTerms::kMemoryLines ? speeds.memory_time : speeds.core_time;
    }
  };
  scale(terms.forward);
  scale(terms.backward);
  return terms;
}

FeatureVector shard_features(const ShardWork& work, const MachineSpeeds& speeds) {
  constexpr std::ptrdiff_t kLoads = 14;  // before the reuse bins
  const ShardLoad& load = work.load;
  const auto rows = static_cast<double>(work.shard.rows());
  FeatureVector x = {std::log1p(load.lookups),
                     std::log1p(load.unique_rows),
                     std::log1p(load.bags),
                     std::log(width_of(work)),
                     std::log(std::max(rows, 1.0)),
                     load.lookups > 0 ? load.unique_rows / load.lookups : 0,
                     std::log(std::max(rows, 1.0) * work.row_bytes()),
                     std::log1p(load.bags > 0 ? load.lookups / load.bags : 0),
                     std::log1p(work.touched_bytes()),
                     std::log1p(work.state_bytes_per_row()),
                     work.state_bytes_per_row() > 0 ? 0.0 : 1.0,
                     keeps_state_per_value(work.table->optimizer) ? 1.0 : 0.0,
                     sorting_passes(work),
                     work.table->weighted ? 1.0 : 0.0};
  auto next = std::copy(work.reuse.begin(), work.reuse.end(), x.begin() + kLoads);
  *next++ = shares_row_statistics(*work.table, work.shard) ? 1 : 0;
  std::copy(speeds.seen.begin(), speeds.seen.end(), next);
  x.back() = work.fills_lines() ? 1 : 0;
  return x;
}

NeuroshardFeatures neuroshard_features(const ShardWork& work) {
  constexpr double kTheirBatch = 65536;
  NeuroshardFeatures x = {static_cast<double>(work.shard.rows()), width_of(work),
                          work.load.lookups / kTheirBatch};
  std::copy(work.reuse.begin(), work.reuse.end(), x.begin() + 3);
  return x;
}

ShardWork shard_work(const Table& table, const Shard& shard, double samples, double unique_rows,
                     const ReuseHistogram& reuse) {
  ShardWork work{&table, shard, load_of(table, shard, samples, unique_rows), reuse};
  work.load.bags = work.load.output_rows;  // one per id without pooling
  return work;
}

}  // namespace shardwright
