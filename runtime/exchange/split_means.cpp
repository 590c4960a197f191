#include "runtime/exchange/split_means.hpp"

namespace shardwright {

SplitMeans::SplitMeans(const ExchangeLayout& layout, const Workload& workload)
    : pooled_columns_(layout.pooled_columns) {
  for (std::size_t f = 0; f < layout.features.size(); ++f) {
    const PooledFeature& feature = layout.features[f];
    const Table& table = workload.table(feature.table);
    if (table.mode != PoolingMode::mean || !layout.splits_rows(feature.table)) continue;
    if (layout.sends_rows(feature.table)) continue;  // whole bags are pooled at their own rank
    features_.push_back({f, feature.pooled_column, table.dim, {}});
  }
}

void SplitMeans::remember(const Batch& batch) {
  for (Feature& feature : features_) feature.lengths = batch.features[feature.feature].lengths;
}

void SplitMeans::divide(std::span<float> pooled) const {
  for (const Feature& feature : features_) {
    float* values = pooled.data() + feature.pooled_column;
    for (const std::int32_t length : feature.lengths) {
      if (length > 1) {
        const auto divisor = static_cast<float>(length);
        for (std::int64_t c = 0; c < feature.width; ++c) values[c] /= divisor;
      }
      values += pooled_columns_;
    }
  }
}

std::span<const float> SplitMeans::gradients_of_sums(std::span<const float> gradients) {
  if (features_.empty()) return gradients;
  scaled_.assign(gradients.begin(), gradients.end());
  divide(scaled_);
  return scaled_;
}

}  // namespace shardwright
