#pragma once

#include <cstdint>
#include <span>

namespace shardwright {

// The optimizers of one row of one shard: w, s and g are the row's weights, state and summed
// gradient, all of the shard's width. Formulas: docs/training_math.md, "Steps".

/// w −= lr·g
void update_sgd(std::span<float> w, std::span<const float> g, float learning_rate);

/// s += g²; w −= lr·g / (√s + eps)
void update_adagrad(std::span<float> w, std::span<float> s, std::span<const float> g,
                    float learning_rate, float eps);

/// s += square_sum / dim; w −= lr·g / (√s + eps). `square_sum` runs over all `dim` columns of the
/// table, also those of other shards.
void update_rowwise_adagrad(std::span<float> w, float& s, std::span<const float> g,
                            double square_sum, std::int64_t dim, float learning_rate, float eps);

/// Σ g² of one row of one shard. Four running sums, of the columns with the same remainder by
/// four, are added up at the end: the order is fixed and the loop fits vector registers.
double sum_of_squares(std::span<const float> g);

}  // namespace shardwright
