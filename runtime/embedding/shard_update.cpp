#include "runtime/embedding/shard_update.hpp"

#include <algorithm>
#include <cstddef>

namespace shardwright {
namespace {

void sum_adjusted(const ShardRows& rows, const UpdateRule& rule, std::span<const Occurrence> group,
                  const GradientView& gradients, std::span<float> gradient) {
  sum_gradients(group, gradients, gradient);
  adjust_gradient(rows.weights_of(group.front().row), rule.settings, rule.step, gradient);
}

}  // namespace

void sum_gradients(std::span<const Occurrence> group, const GradientView& gradients,
                   std::span<float> gradient) {
  const auto width = static_cast<std::int64_t>(gradient.size());
  float* sum = gradient.data();
  std::fill_n(sum, width, 0.0F);
  for (const Occurrence& o : group) {
    const float* term =
        gradients.data + o.sample * gradients.stride + gradients.column + o.feature * width;
    for (std::int64_t c = 0; c < width; ++c) sum[c] += o.coefficient * term[c];
  }
}

double sum_all_squares(const RowGroups& groups, const GradientView& gradients,
                       std::span<float> gradient) {
  double sum = 0;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    sum_gradients(groups[g], gradients, gradient);
    sum += sum_of_squares(gradient);
  }
  return sum;
}

void sum_row_squares(const ShardRows& rows, const UpdateRule& rule, const RowGroups& groups,
                     const GradientView& gradients, std::span<float> gradient,
                     std::span<double> sums) {
  for (std::size_t g = 0; g < groups.size(); ++g) {
    sum_adjusted(rows, rule, groups[g], gradients, gradient);
    sums[g] = sum_of_squares(gradient);
  }
}

void update_row(const ShardRows& rows, std::int64_t row, const UpdateRule& rule,
                std::span<const float> g, std::optional<double> square_sum) {
  const std::span<float> w = rows.weights_of(row);
  const std::span<float> s = rows.state_of(row);
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

void update_rows(const ShardRows& rows, const UpdateRule& rule, const RowGroups& groups,
                 const GradientView& gradients, std::span<const double> square_sums,
                 std::span<float> gradient) {
  for (std::size_t g = 0; g < groups.size(); ++g) {
    sum_adjusted(rows, rule, groups[g], gradients, gradient);
    update_row(rows, groups[g].front().row, rule, gradient,
               square_sums.empty() ? std::nullopt : std::optional(square_sums[g]));
  }
}

}  // namespace shardwright
