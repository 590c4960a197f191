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
/// begin at data[n · stride + column + k · width], `width` being the shard's.
struct GradientView {
  const float* data = nullptr;
  std::int64_t stride = 0;
  std::int64_t column = 0;
  std::int64_t width = 0;
};

/// How one table is updated in one step.
struct UpdateRule {
  const Table& table;
  const OptimizerSettings& settings;
  StepSize step;
};

/// One shard's rows and the gradients of a batch, of which groups [range.begin, range.end) are to
/// be applied.
struct UpdateTask {
  const ShardRows& rows;
  const UpdateRule& rule;
  const RowGroups& groups;
  GroupRange range;
  GradientView gradients;
  /// Row-wise optimizers: Σ g² of each group over all columns of the table; empty if the shard has
  /// them all.
  std::span<const double> square_sums;
  std::span<float> scratch;  ///< working memory: scratch_size()
  /// Room for the sums that kept_floats() counts: sum_row_squares() leaves them there, and
  /// update_rows() takes them. Empty: all are summed anew.
  std::span<float> kept = {};
};

/// Rows that a kernel has under way at once.
inline constexpr std::size_t kRowsAtOnce = 8;

/// Of how many occurrences on a row's sum is kept (is_kept()); planner/memory_model.cpp counts on
/// it.
inline constexpr std::size_t kKeptOccurrences = 16;

/// Floats that an update of rows of this width needs as working memory: gradients and weights.
constexpr std::size_t scratch_size(std::size_t width) { return 2 * kRowsAtOnce * width; }

/// Whether the gradient of a row with so many occurrences is kept between the two passes over a
/// batch that a row statistic needs. Summing those of fewer again costs little more than reading.
constexpr bool is_kept(std::size_t occurrences) { return occurrences >= kKeptOccurrences; }

/// Floats that the gradients to be kept take, of a shard of this width.
std::size_t kept_floats(const RowGroups& groups, GroupRange range, std::size_t width);

/// gradient[c] = Σ coefficient · gradients over the occurrences, in their order; of as many columns
/// as gradient has. Like update_rows() one column after the other: what the kernels of every
/// instruction set (simd/kernels.hpp) must equal to the bit.
void sum_gradients(std::span<const Occurrence> group, const GradientView& gradients,
                   std::span<float> gradient);

/// One shard's part of the row statistic: sums[g] = Σ of the squares of group g's gradient, as the
/// optimizer takes it, for the task's groups. An oracle as update_rows().
void sum_row_squares(const UpdateTask& task, std::span<double> sums);

/// The same of one row, whose gradient is summed already.
double row_squares(const UpdateTask& task, std::size_t group, std::span<const float> sum);

/// Applies the table's optimizer to one row. `gradient` is the row's, as yet without weight decay
/// and scale; adjusts it (adjust_gradient()). `square_sum` over all columns of the table: none if
/// the shard has them all. `weights` is working memory of the shard's width.
void update_row(const ShardRows& rows, std::int64_t row, const UpdateRule& rule,
                std::span<float> gradient, std::optional<double> square_sum,
                std::span<float> weights);

/// Sums the gradients of every group and applies the table's optimizer to its row.
void update_rows(const UpdateTask& task);

}  // namespace shardwright
