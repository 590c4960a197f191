#pragma once

#include "costmodel/table.hpp"
#include "runtime/embedding/optimizer.hpp"
#include "runtime/embedding/row_groups.hpp"
#include "runtime/embedding/shard_rows.hpp"

#include <cstdint>
#include <optional>
#include <span>

namespace shardwright {

/// A shard's gradients within its owner's matrix: those of sample n and the table's k-th feature
/// begin at data[n · stride + column + k · width].
struct GradientView {
  const float* data = nullptr;
  std::int64_t stride = 0;
  std::int64_t column = 0;
};

/// How one table is updated in one step.
struct UpdateRule {
  const Table& table;
  const OptimizerSettings& settings;
  StepSize step;
};

/// gradient[c] = Σ coefficient · gradients over the occurrences, in their order; gradient.size() is
/// the shard's width.
void sum_gradients(std::span<const Occurrence> group, const GradientView& gradients,
                   std::span<float> gradient);

/// Σ g² over all groups, before weight decay: the shard's part of the global gradient norm.
/// `gradient` is working memory of the shard's width, here and below.
double sum_all_squares(const RowGroups& groups, const GradientView& gradients,
                       std::span<float> gradient);

/// One shard's part of the row statistic: sums[g] = Σ of the squares of group g's gradient, as the
/// optimizer takes it.
void sum_row_squares(const ShardRows& rows, const UpdateRule& rule, const RowGroups& groups,
                     const GradientView& gradients, std::span<float> gradient,
                     std::span<double> sums);

/// Applies the table's optimizer to one row. `gradient` is the row's, already adjusted
/// (adjust_gradient()); `square_sum` over all columns of the table: none if the shard has them all.
void update_row(const ShardRows& rows, std::int64_t row, const UpdateRule& rule,
                std::span<const float> gradient, std::optional<double> square_sum);

/// Sums the gradients of every group and applies the table's optimizer to its row. `square_sums`
/// (row-wise optimizers): one per group, over all columns of the table; empty if the shard has them
/// all.
void update_rows(const ShardRows& rows, const UpdateRule& rule, const RowGroups& groups,
                 const GradientView& gradients, std::span<const double> square_sums,
                 std::span<float> gradient);

}  // namespace shardwright
