#include "runtime/bench/synthetic_batches.hpp"

#include <cstddef>

namespace shardwright {
namespace {

SplitMix64 generator(std::uint64_t seed, std::int64_t step, std::int64_t sample) {
  const std::uint64_t of_step = SplitMix64::mix(seed + static_cast<std::uint64_t>(step));
  return SplitMix64(SplitMix64::mix(of_step + static_cast<std::uint64_t>(sample)));
}

void append(const Sample& sample, Batch& batch) {
  batch.labels.push_back(sample.label);
  batch.dense.insert(batch.dense.end(), sample.dense.begin(), sample.dense.end());
  for (std::size_t f = 0; f < sample.ids.size(); ++f) {
    Bags& bags = batch.features[f];
    bags.lengths.push_back(static_cast<std::int32_t>(sample.ids[f].size()));
    bags.ids.insert(bags.ids.end(), sample.ids[f].begin(), sample.ids[f].end());
    bags.weights.insert(bags.weights.end(), sample.weights[f].begin(), sample.weights[f].end());
  }
}

std::size_t num_features(const Workload& workload) {
  std::size_t features = 0;
  for (const Table& table : workload.tables) features += table.features.size();
  return features;
}

}  // namespace

SyntheticBatches::SyntheticBatches(const Workload& workload, std::int64_t num_dense, double zipf,
                                   std::uint64_t seed)
    : batch_size_(workload.batch_size),
      num_features_(num_features(workload)),
      seed_(seed),
      model_(workload.tables, num_dense, zipf, 0.0, seed) {}

Batch SyntheticBatches::make(std::int64_t step, std::int64_t rank, std::int64_t num_ranks) const {
  Batch batch;
  batch.features.resize(num_features_);
  batch.global_size = batch_size_;
  batch.first_sample = batch_size_ * rank / num_ranks;
  batch.size = batch_size_ * (rank + 1) / num_ranks - batch.first_sample;
  Sample sample;
  for (std::int64_t n = 0; n < batch.size; ++n) {
    model_.draw(generator(seed_, step, batch.first_sample + n), sample);
    append(sample, batch);
  }
  return batch;
}

}  // namespace shardwright
