#pragma once

#include "costmodel/table.hpp"
#include "runtime/embedding/row_groups.hpp"
#include "runtime/embedding/sharded_embeddings.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace shardwright {

/// A shard's gradients within its owner's matrix: those of sample n and the table's k-th feature
/// begin at data[n · stride + column + k · width].
struct GradientView {
  const float* data = nullptr;
  std::int64_t stride = 0;
  std::int64_t column = 0;
};

struct StepSize {
  float learning_rate = 0;
  float eps = 0;
};

/// gradient[c] = Σ coefficient · gradients over the occurrences, in their order; gradient.size() is
/// the shard's width.
void sum_gradients(std::span<const Occurrence> group, const GradientView& gradients,
                   std::span<float> gradient);

/// One shard's part of the row statistic: sums[g] = Σ of the squares of group g's gradient.
/// `gradient` is working memory of the shard's width.
void sum_row_squares(const RowGroups& groups, const GradientView& gradients,
                     std::span<float> gradient, std::span<double> sums);

/// Sums the gradients of every group and applies the table's optimizer to its row. `square_sums`
/// (row-wise Adagrad): one per group, over all columns of the table; empty if the shard has them
/// all. `gradient` is working memory of the shard's width.
void update_shard(ShardedEmbeddings::LocalShard& local, const Table& table, const RowGroups& groups,
                  const GradientView& gradients, std::span<const double> square_sums,
                  const StepSize& step, std::span<float> gradient);

}  // namespace shardwright
