#pragma once

#include "costmodel/table.hpp"

#include <cstdint>
#include <span>

namespace shardwright {

/// What the optimizers of all tables share. Formulas: docs/training_math.md, "Optimizers".
struct OptimizerSettings {
  float eps = 1e-8F;
  float initial_accumulator = 0;  ///< of adagrad, rowwise_adagrad and ftrl
  float beta1 = 0.9F;             ///< adam, rowwise_adam
  float beta2 = 0.999F;
  float momentum = 0;      ///< sgd; 0: none, and no state
  float weight_decay = 0;  ///< adds weight_decay · w to the gradient of each row that is touched
  float ftrl_beta = 0;
  float ftrl_l1 = 0;
  float ftrl_l2 = 0;
};

/// What changes from step to step.
struct StepSize {
  float learning_rate = 0;
  float gradient_scale = 1;  ///< by gradient clipping
  std::int64_t step = 1;     ///< how many updates this is, from 1, for Adam's bias correction
};

/// What Adam's m is multiplied by in a step, lr / (1 − β1^t), and what √v is divided by,
/// √(1 − β2^t).
struct AdamScales {
  AdamScales(const OptimizerSettings& settings, const StepSize& step);
  float of_m;
  float of_root_v;
};

/// Whether the optimizer needs the mean of g² over whole rows.
bool has_row_statistic(OptimizerKind optimizer);

/// Whether the optimizer changes a row, or its state, whose gradient is zero.
bool moves_by_zero(OptimizerKind optimizer, const OptimizerSettings& settings);

/// Values of state per row of a shard with this many columns. They stand row by row: adagrad
/// [s…], rowwise_adagrad [s], sgd with momentum [b…], adam [m… v…], rowwise_adam [m… v], ftrl
/// [z… n…].
std::int64_t state_width(OptimizerKind optimizer, const OptimizerSettings& settings,
                         std::int64_t columns);

/// Fills the state of one row before the first step.
void fill_initial_state(OptimizerKind optimizer, const OptimizerSettings& settings,
                        std::span<float> state);

// The optimizers of one row of one shard: w, s and g are the row's weights, state and gradient,
// w and g of the shard's width.

/// w −= lr·g
void update_sgd(std::span<float> w, std::span<const float> g, float learning_rate);

/// b = momentum·b + g; w −= lr·b
void update_momentum(std::span<float> w, std::span<float> b, std::span<const float> g,
                     float learning_rate, float momentum);

/// s += g²; w −= lr·g / (√s + eps)
void update_adagrad(std::span<float> w, std::span<float> s, std::span<const float> g,
                    float learning_rate, float eps);

/// s += square_sum / dim; w −= (lr / (√s + eps))·g. `square_sum` runs over all `dim` columns of the
/// table, also those of other shards.
void update_rowwise_adagrad(std::span<float> w, float& s, std::span<const float> g,
                            double square_sum, std::int64_t dim, float learning_rate, float eps);

/// m = β1·m + (1 − β1)·g; v = β2·v + (1 − β2)·g²;
/// w −= lr / (1 − β1^t) · m / (√v / √(1 − β2^t) + eps), t = step.step
void update_adam(std::span<float> w, std::span<float> s, std::span<const float> g,
                 const OptimizerSettings& settings, const StepSize& step);

/// The same with one v per row, of square_sum / dim in place of g².
void update_rowwise_adam(std::span<float> w, std::span<float> s, std::span<const float> g,
                         double square_sum, std::int64_t dim, const OptimizerSettings& settings,
                         const StepSize& step);

/// FTRL-Proximal: σ = (√(n + g²) − √n) / lr; z += g − σ·w; n += g²;
/// w = 0 if |z| ≤ l1, else (sign(z)·l1 − z) / ((β + √n) / lr + 2·l2); unchanged while n, β and l2
/// are 0.
void update_ftrl(std::span<float> w, std::span<float> s, std::span<const float> g,
                 const OptimizerSettings& settings, float learning_rate);

/// g = gradient_scale·g + weight_decay·w: the gradient that the optimizers above take.
void adjust_gradient(std::span<const float> w, const OptimizerSettings& settings,
                     const StepSize& step, std::span<float> g);

/// Σ g² of one row of one shard. Four running sums, of the columns with the same remainder by
/// four, are added up at the end: the order is fixed and the loop fits vector registers.
double sum_of_squares(std::span<const float> g);

}  // namespace shardwright
