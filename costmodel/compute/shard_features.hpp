#pragma once

#include "costmodel/machine_probe.hpp"
#include "costmodel/shard.hpp"
#include "costmodel/shard_load.hpp"
#include "costmodel/table.hpp"

#include <array>
#include <cstddef>
#include <string_view>

namespace shardwright {

/// What a shard asks of the operator, in units whose costs are constant per unit on a machine
/// without caches: a weighted sum of them is a roofline. Sums over shards.
struct WorkTerms {
  static constexpr std::size_t kForward = 6;
  static constexpr std::size_t kBackward = 7;
  static constexpr std::size_t kMemoryLines = 4;  ///< where these are, in either list
  std::array<double, kForward> forward{};
  std::array<double, kBackward> backward{};
};
extern const std::array<std::string_view, WorkTerms::kForward> kForwardTermNames;
extern const std::array<std::string_view, WorkTerms::kBackward> kBackwardTermNames;

/// Inputs of the net for one shard: logarithms of its loads and sizes, shares, the optimizer's
/// kind, the 17 reuse bins, whether it shares statistics of rows with other shards, how fast the
/// machine is, and whether its rows fill lines.
constexpr std::size_t kNumFeatures = 32 + kNumProbes + 1;
using FeatureVector = std::array<double, kNumFeatures>;
extern const std::array<std::string_view, kNumFeatures> kFeatureNames;

/// NeuroShard's inputs: rows, dim, pooling, 17 reuse bins, raw. As its nets hold for one batch of
/// 65,536 samples, pooling is that which gives as many ids with such a batch.
constexpr std::size_t kNumNeuroshardFeatures = 20;
using NeuroshardFeatures = std::array<double, kNumNeuroshardFeatures>;

/// A shard and what one batch asks of it, with the reuse of its table.
struct ShardWork {
  const Table* table = nullptr;
  Shard shard;
  ShardLoad load;  ///< without pooling every id is a bag of its own, and so it is looked up
  ReuseHistogram reuse{};

  double row_bytes() const;
  double state_bytes_per_row() const;
  /// Weights and state of the rows that are touched.
  double touched_bytes() const;
  /// Pooled values (fp32) in the matrix that the owner makes for other ranks: none without pooling,
  /// and none of data_parallel tables.
  double output_bytes() const;
  /// Whether a row of pooled values fills lines of 64 bytes, as operators that write past the
  /// caches need it.
  bool fills_lines() const;
};

WorkTerms work_terms(const ShardWork& work);
/// Terms that keep a machine of the reference's speed busy for as long as `terms` one of `speeds`.
WorkTerms at_speeds(WorkTerms terms, const MachineSpeeds& speeds);
FeatureVector shard_features(const ShardWork& work, const MachineSpeeds& speeds);
NeuroshardFeatures neuroshard_features(const ShardWork& work);

/// Of a whole table or a part of it with `samples` samples. `unique_rows` and `reuse` are the
/// table's.
ShardWork shard_work(const Table& table, const Shard& shard, double samples, double unique_rows,
                     const ReuseHistogram& reuse);

}  // namespace shardwright
