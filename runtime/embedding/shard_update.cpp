#include "runtime/embedding/shard_update.hpp"

#include "runtime/embedding/optimizer.hpp"

#include <algorithm>
#include <cstddef>

namespace shardwright {
namespace {

std::span<float> row_of(std::vector<float>& values, std::int64_t row, std::size_t width) {
  return std::span(values).subspan(static_cast<std::size_t>(row) * width, width);
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

void sum_row_squares(const RowGroups& groups, const GradientView& gradients,
                     std::span<float> gradient, std::span<double> sums) {
  for (std::size_t g = 0; g < groups.size(); ++g) {
    sum_gradients(groups[g], gradients, gradient);
    sums[g] = sum_of_squares(gradient);
  }
}

void update_shard(ShardedEmbeddings::LocalShard& local, const Table& table, const RowGroups& groups,
                  const GradientView& gradients, std::span<const double> square_sums,
                  const StepSize& step, std::span<float> gradient) {
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const std::int64_t row = groups[g].front().row;
    sum_gradients(groups[g], gradients, gradient);
    const std::span<float> weights = row_of(local.weights, row, gradient.size());
    if (table.optimizer == OptimizerKind::sgd) {
      update_sgd(weights, gradient, step.learning_rate);
    } else if (table.optimizer == OptimizerKind::adagrad) {
      update_adagrad(weights, row_of(local.state, row, gradient.size()), gradient,
                     step.learning_rate, step.eps);
    } else {
      const double square_sum = square_sums.empty() ? sum_of_squares(gradient) : square_sums[g];
      update_rowwise_adagrad(weights, local.state[static_cast<std::size_t>(row)], gradient,
                             square_sum, table.dim, step.learning_rate, step.eps);
    }
  }
}

}  // namespace shardwright
