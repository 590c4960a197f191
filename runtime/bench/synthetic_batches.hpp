#pragma once

#include "costmodel/table.hpp"
#include "runtime/data/batch.hpp"
#include "runtime/data/synthetic_model.hpp"

#include <cstddef>
#include <cstdint>

namespace shardwright {

/// Training batches made of nothing: ids by the law of ZipfRows, bags, per-sample weights, dense
/// features and labels as `shardwright data synthetic` draws them. Sample n of step k depends on
/// (seed, k, n) alone, so every step has fresh ids and all ranks agree on them.
class SyntheticBatches {
 public:
  SyntheticBatches(const Workload& workload, std::int64_t num_dense, double zipf,
                   std::uint64_t seed);

  /// Rank `rank`'s share of step `step`: samples [n·r/W, n·(r+1)/W) of the workload's batch size.
  Batch make(std::int64_t step, std::int64_t rank, std::int64_t num_ranks) const;

 private:
  std::int64_t batch_size_;
  std::size_t num_features_;
  std::uint64_t seed_;
  SyntheticModel model_;
};

}  // namespace shardwright
