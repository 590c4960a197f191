#include "runtime/embedding/shard_update.hpp"

#include "runtime/embedding/simd/format_loops.hpp"
#include "runtime/embedding/simd/kernels.hpp"

#include <algorithm>
#include <cstddef>

namespace shardwright {
namespace {

/// One column after the other.
struct Plain {};

/// The row's weights as floats: itself, or in a 16-bit format a copy in `copy`.
std::span<float> widened(const ShardRows& rows, std::int64_t row, std::span<float> copy) {
  if (rows.dtype == DataType::fp32) return rows.weights_of(row);
  simd::widen_row<Plain>(rows.dtype, rows.weights16_of(row).data(), copy.data(), rows.width);
  return copy.first(rows.width);
}

/// Rounds the copy back.
void narrow(const ShardRows& rows, std::int64_t row, const StepSize& step,
            std::span<const float> weights) {
  if (rows.dtype == DataType::fp32) return;
  simd::narrow_row<Plain>(rows.dtype, weights.data(), rows.rounding_key_of(row, step.step),
                          rows.first_column, rows.weights16_of(row).data(), rows.width);
}

void optimize_row(std::span<float> w, std::span<float> s, std::span<const float> g,
                  const UpdateRule& rule, std::optional<double> square_sum) {
  const OptimizerSettings& settings = rule.settings;
  const float learning_rate = rule.step.learning_rate;
  const auto squares = [&] { return square_sum ? *square_sum : sum_of_squares(g); };
  switch (rule.table.optimizer) {
    case OptimizerKind::sgd:
      if (s.empty()) return update_sgd(w, g, learning_rate);
      return update_momentum(w, s, g, learning_rate, settings.momentum);
    case OptimizerKind::adagrad:
      return update_adagrad(w, s, g, learning_rate, settings.eps);
    case OptimizerKind::rowwise_adagrad:
      return update_rowwise_adagrad(w, s.front(), g, squares(), rule.table.dim, learning_rate,
                                    settings.eps);
    case OptimizerKind::adam:
      return update_adam(w, s, g, settings, rule.step);
    case OptimizerKind::rowwise_adam:
      return update_rowwise_adam(w, s, g, squares(), rule.table.dim, settings, rule.step);
    case OptimizerKind::ftrl:
      return update_ftrl(w, s, g, settings, learning_rate);
  }
}

struct ScratchParts {
  std::span<float> gradient;
  std::span<float> weights;
};

ScratchParts parts_of(const UpdateTask& task) {
  return {task.scratch.first(task.rows.width), task.scratch.last(task.rows.width)};
}

}  // namespace

void sum_gradients(std::span<const Occurrence> group, const GradientView& gradients,
                   std::span<float> gradient) {
  const auto width = static_cast<std::int64_t>(gradient.size());
  float* sum = gradient.data();
  std::fill_n(sum, width, 0.0F);
  for (const Occurrence& o : group) {
    const float* term = gradients.data + static_cast<std::int64_t>(o.sample) * gradients.stride +
                        gradients.column + static_cast<std::int64_t>(o.feature) * gradients.width;
    for (std::int64_t c = 0; c < width; ++c) sum[c] += o.coefficient * term[c];
  }
}

double sum_all_squares(const RowGroups& groups, const GradientView& gradients,
                       std::span<float> gradient) {
  const EmbeddingKernels& kernels = embedding_kernels();
  double sum = 0;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    kernels.sum_gradients(groups[g], gradients, gradient);
    sum += sum_of_squares(gradient);
  }
  return sum;
}

void sum_row_squares(const UpdateTask& task, std::span<double> sums) {
  const EmbeddingKernels& kernels = embedding_kernels();
  const auto [gradient, copy] = parts_of(task);
  for (std::size_t g = task.range.begin; g < task.range.end; ++g) {
    kernels.sum_gradients(task.groups[g], task.gradients, gradient);
    const std::span<const float> w = widened(task.rows, task.groups.row(g), copy);
    adjust_gradient(w, task.rule.settings, task.rule.step, gradient);
    sums[g] = sum_of_squares(gradient);
  }
}

void update_row(const ShardRows& rows, std::int64_t row, const UpdateRule& rule,
                std::span<float> gradient, std::optional<double> square_sum,
                std::span<float> weights) {
  const std::span<float> w = widened(rows, row, weights);
  adjust_gradient(w, rule.settings, rule.step, gradient);
  optimize_row(w, rows.state_of(row), gradient, rule, square_sum);
  narrow(rows, row, rule.step, w);
}

void update_rows(const UpdateTask& task) {
  const auto [gradient, copy] = parts_of(task);
  for (std::size_t g = task.range.begin; g < task.range.end; ++g) {
    sum_gradients(task.groups[g], task.gradients, gradient);
    update_row(task.rows, task.groups.row(g), task.rule, gradient,
               task.square_sums.empty() ? std::nullopt : std::optional(task.square_sums[g]), copy);
  }
}

}  // namespace shardwright
