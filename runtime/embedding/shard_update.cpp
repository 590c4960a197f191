#include "runtime/embedding/shard_update.hpp"

#include "runtime/embedding/simd/format_loops.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

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

/// Finds the places of the sums that a task keeps, group after group.
class KeptSums {
 public:
  explicit KeptSums(const UpdateTask& task) : task_(task) {}
  /// Of the next group; null if it is not kept.
  float* of(std::span<const Occurrence> group) {
    if (task_.kept.empty() || !is_kept(group.size())) return nullptr;
    const std::size_t begin = next_;
    next_ += task_.rows.width;
    return task_.kept.data() + begin;
  }

 private:
  const UpdateTask& task_;
  std::size_t next_ = 0;
};

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

std::size_t kept_floats(const RowGroups& groups, GroupRange range, std::size_t width) {
  std::size_t kept = 0;
  for (std::size_t g = range.begin; g < range.end; ++g) kept += is_kept(groups[g].size()) ? 1U : 0U;
  return kept * width;
}

double row_squares(const UpdateTask& task, std::size_t group, std::span<const float> sum) {
  const auto [gradient, copy] = parts_of(task);
  std::copy(sum.begin(), sum.end(), gradient.begin());
  adjust_gradient(widened(task.rows, task.groups.row(group), copy), task.rule.settings,
                  task.rule.step, gradient);
  return sum_of_squares(gradient);
}

void sum_row_squares(const UpdateTask& task, std::span<double> sums) {
  KeptSums kept(task);
  std::vector<float> sum(task.rows.width);
  for (std::size_t g = task.range.begin; g < task.range.end; ++g) {
    sum_gradients(task.groups[g], task.gradients, sum);
    if (float* const place = kept.of(task.groups[g])) std::copy(sum.begin(), sum.end(), place);
    sums[g] = row_squares(task, g, sum);
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
  KeptSums kept(task);
  const auto [gradient, copy] = parts_of(task);
  for (std::size_t g = task.range.begin; g < task.range.end; ++g) {
    if (const float* const sum = kept.of(task.groups[g])) {
      std::copy_n(sum, gradient.size(), gradient.begin());
    } else {
      sum_gradients(task.groups[g], task.gradients, gradient);
    }
    update_row(task.rows, task.groups.row(g), task.rule, gradient,
               task.square_sums.empty() ? std::nullopt : std::optional(task.square_sums[g]), copy);
  }
}

}  // namespace shardwright
