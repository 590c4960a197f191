#pragma once

#include "runtime/embedding/shard_update.hpp"
#include "runtime/embedding/simd/column_blocks.hpp"
#include "runtime/embedding/simd/format_loops.hpp"
#include "runtime/embedding/simd/optimizer_loops.hpp"
#include "runtime/embedding/simd/vectors.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace shardwright::simd {

/// The occurrences of some groups; those of one group are to be summed.
struct GradientTerms {
  const Occurrence* occurrences = nullptr;
  std::size_t size = 0;
  std::size_t ahead = 0;  ///< how many occurrences ahead their gradients are asked for
  const float* data = nullptr;
  std::size_t stride = 0;
  std::size_t feature_stride = 0;
  std::size_t width = 0;
  std::size_t begin = 0;  ///< of the group, in occurrences
  std::size_t end = 0;
};

template <class Isa>
inline const float* term(const GradientTerms& terms, std::size_t i) {
  const Occurrence& o = terms.occurrences[i];
  return terms.data + o.sample * terms.stride + o.feature * terms.feature_stride;
}

/// sum_out[c] = the group's sum over the columns of the block.
template <class Isa, class Block>
inline void sum_columns(const GradientTerms& terms, const Block& block, float* sum_out) {
  constexpr std::size_t kVectors = Block::kVectors;
  using V = Vector<float, Block::kLanes>;
  V sum[kVectors];
#pragma GCC unroll 8
  for (std::size_t v = 0; v < kVectors; ++v) sum[v] = V{};
  for (std::size_t i = terms.begin; i < terms.end; ++i) {
    if (i + terms.ahead < terms.size) block.prefetch(term<Isa>(terms, i + terms.ahead));
    const float* const gradient = term<Isa>(terms, i);
    const float coefficient = terms.occurrences[i].coefficient;
#pragma GCC unroll 8
    for (std::size_t v = 0; v < kVectors; ++v)
      sum[v] += coefficient * load<V>(gradient + block.at(v));
  }
#pragma GCC unroll 8
  for (std::size_t v = 0; v < kVectors; ++v) store(sum[v], sum_out + block.at(v));
}

template <class Isa>
inline void sum_group(const GradientTerms& terms, float* sum) {
  for_each_block<Isa>(terms.width, [&](const auto& block) { sum_columns<Isa>(terms, block, sum); });
}

template <class Isa>
inline GradientTerms terms_of(std::span<const Occurrence> occurrences,
                              const GradientView& gradients, std::size_t width) {
  GradientTerms terms;
  terms.occurrences = occurrences.data();
  terms.size = occurrences.size();
  terms.ahead = rows_ahead(width * sizeof(float));
  terms.data = gradients.data + gradients.column;
  terms.stride = static_cast<std::size_t>(gradients.stride);
  terms.feature_stride = static_cast<std::size_t>(gradients.width);
  terms.width = width;
  return terms;
}

template <class Isa>
void sum_gradients(std::span<const Occurrence> group, const GradientView& gradients,
                   std::span<float> gradient) {
  GradientTerms terms = terms_of<Isa>(group, gradients, gradient.size());
  terms.end = group.size();
  sum_group<Isa>(terms, gradient.data());
}

/// Brings weights and state of the group closer, if there is one. Always inlined: GCC takes a
/// function that only prefetches for one without effect, and leaves calls of it out.
template <class Isa>
[[gnu::always_inline]] inline void prefetch_rows(const UpdateTask& task, std::size_t group) {
  if (group >= task.range.end) return;
  const ShardRows& rows = task.rows;
  const auto row = static_cast<std::size_t>(task.groups.row(group));
  if (rows.dtype == DataType::fp32) {
    prefetch_to_change(rows.weights.data() + row * rows.width, rows.width * sizeof(float));
  } else {
    prefetch_to_change(rows.weights16.data() + row * rows.width,
                       rows.width * sizeof(std::uint16_t));
  }
  if (rows.state_width == 0) return;
  prefetch_to_change(rows.state.data() + row * rows.state_width, rows.state_width * sizeof(float));
}

/// Some groups of a task: their gradients, and their weights as floats.
struct RowBlock {
  std::size_t first_group = 0;
  std::size_t size = 0;
  float* gradients = nullptr;        ///< [kRowsAtOnce][width]
  float* weights[kRowsAtOnce] = {};  ///< each row where it lies, or its copy in floats
  double squares[kRowsAtOnce] = {};  ///< Σ g² over the table's columns, for row-wise optimizers
};

/// The two passes that a row statistic needs (kept_floats()); other updates are of the second.
enum class Pass { squares, update };

/// The sum of the group, which is kept or was.
template <class Isa, Pass pass>
inline void sum_or_take(const GradientTerms& terms, float*& kept, float* sum) {
  if (kept == nullptr || !is_kept(terms.end - terms.begin)) return sum_group<Isa>(terms, sum);
  if constexpr (pass == Pass::squares) {
    sum_group<Isa>(terms, sum);
    std::memcpy(kept, sum, terms.width * sizeof(float));
  } else {
    std::memcpy(sum, kept, terms.width * sizeof(float));
  }
  kept += terms.width;
}

/// Of one row: where they lie, or widened to `copy`.
template <class Isa>
inline float* weights_in_floats(const ShardRows& rows, std::int64_t row, float* copy) {
  const std::size_t place = static_cast<std::size_t>(row) * rows.width;
  if (rows.dtype == DataType::fp32) return rows.weights.data() + place;
  widen_row<Isa>(rows.dtype, rows.weights16.data() + place, copy, rows.width);
  return copy;
}

/// Sums and adjusts the gradients of the block's groups.
template <class Isa, Pass pass>
inline void gather_block(const UpdateTask& task, std::size_t ahead, GradientTerms& terms,
                         float*& kept, RowBlock& block) {
  const std::size_t n = task.rows.width;
  for (std::size_t i = 0; i < block.size; ++i) {
    const std::size_t group = block.first_group + i;
    float* const gradient = block.gradients + i * n;
    prefetch_rows<Isa>(task, group + ahead);
    terms.begin = terms.end;
    terms.end += task.groups[group].size();
    sum_or_take<Isa, pass>(terms, kept, gradient);
    block.weights[i] = weights_in_floats<Isa>(task.rows, task.groups.row(group),
                                              block.gradients + (kRowsAtOnce + i) * n);
    adjust_gradient<Isa>(block.weights[i], task.rule.settings, task.rule.step, gradient, n);
  }
}

template <class Isa>
inline void square_block(const UpdateTask& task, RowBlock& block) {
  const std::size_t n = task.rows.width;
  std::size_t i = 0;
  for (; i + 4 <= block.size; i += 4) {
    four_sums_of_squares<Isa>(block.gradients + i * n, n, block.squares + i);
  }
  for (; i < block.size; ++i) block.squares[i] = sum_of_squares<Isa>(block.gradients + i * n, n);
}

template <class Isa>
inline void find_squares(const UpdateTask& task, RowBlock& block) {
  if (task.square_sums.empty()) return square_block<Isa>(task, block);
  for (std::size_t i = 0; i < block.size; ++i) {
    block.squares[i] = task.square_sums[block.first_group + i];
  }
}

/// Rounds the updated copies of rows that are not in floats.
template <class Isa>
inline void narrow_block(const UpdateTask& task, const RowBlock& block) {
  const ShardRows& rows = task.rows;
  if (rows.dtype == DataType::fp32) return;
  for (std::size_t i = 0; i < block.size; ++i) {
    const std::int64_t row = task.groups.row(block.first_group + i);
    narrow_row<Isa>(rows.dtype, block.weights[i], rows.rounding_key_of(row, task.rule.step.step),
                    rows.first_column,
                    rows.weights16.data() + static_cast<std::size_t>(row) * rows.width, rows.width);
  }
}

/// work(block) for all groups, their gradients gathered. Blocks of rows, so that what one row waits
/// for passes while others are worked on.
template <class Isa, Pass pass, class Work>
inline void for_each_row_block(const UpdateTask& task, Work work) {
  const ShardRows& rows = task.rows;
  const std::size_t n = rows.width;
  GradientTerms terms = terms_of<Isa>(task.groups.occurrences_of(task.range), task.gradients, n);
  const std::size_t ahead = rows_ahead((n + rows.state_width) * sizeof(float));
  float* kept = task.kept.empty() ? nullptr : task.kept.data();
  RowBlock block;
  block.gradients = task.scratch.data();
  for (std::size_t g = task.range.begin; g < task.range.end; g += kRowsAtOnce) {
    block.first_group = g;
    block.size = std::min(kRowsAtOnce, task.range.end - g);
    gather_block<Isa, pass>(task, ahead, terms, kept, block);
    work(block);
  }
}

template <class Isa>
void sum_row_squares(const UpdateTask& task, std::span<double> sums) {
  for_each_row_block<Isa, Pass::squares>(task, [&](RowBlock& block) {
    square_block<Isa>(task, block);
    std::copy_n(block.squares, block.size, sums.data() + block.first_group);
  });
}

/// update(weights, state, gradient, Σ g²) for every group; the weights are floats.
template <class Isa, class Update>
inline void update_groups(const UpdateTask& task, bool needs_squares, Update update) {
  const ShardRows& rows = task.rows;
  for_each_row_block<Isa, Pass::update>(task, [&](RowBlock& block) {
    if (needs_squares) find_squares<Isa>(task, block);
    for (std::size_t i = 0; i < block.size; ++i) {
      const auto row = static_cast<std::size_t>(task.groups.row(block.first_group + i));
      float* const s = rows.state.data() + row * rows.state_width;
      update(block.weights[i], s, block.gradients + i * rows.width, block.squares[i]);
    }
    narrow_block<Isa>(task, block);
  });
}

template <class Isa>
inline void update_sgd(const UpdateTask& task) {
  const float lr = task.rule.step.learning_rate;
  const float beta = task.rule.settings.momentum;
  const std::size_t n = task.rows.width;
  if (task.rows.state_width == 0) {
    update_groups<Isa>(task, false,
                       [&](float* w, float*, const float* g, double) { sgd<Isa>(w, g, n, lr); });
  } else {
    update_groups<Isa>(task, false, [&](float* w, float* s, const float* g, double) {
      momentum<Isa>(w, s, g, n, lr, beta);
    });
  }
}

template <class Isa>
void update_rows(const UpdateTask& task) {
  const OptimizerSettings& o = task.rule.settings;
  const float lr = task.rule.step.learning_rate;
  const std::int64_t dim = task.rule.table.dim;
  const std::size_t n = task.rows.width;
  const AdamScales scales(o, task.rule.step);
  switch (task.rule.table.optimizer) {
    case OptimizerKind::sgd:
      return update_sgd<Isa>(task);
    case OptimizerKind::adagrad:
      return update_groups<Isa>(task, false, [&](float* w, float* s, const float* g, double) {
        adagrad<Isa>(w, s, g, n, lr, o.eps);
      });
    case OptimizerKind::rowwise_adagrad:
      return update_groups<Isa>(task, true, [&](float* w, float* s, const float* g, double sum) {
        rowwise_adagrad<Isa>(w, *s, g, n, mean_square<Isa>(sum, dim), lr, o.eps);
      });
    case OptimizerKind::adam:
      return update_groups<Isa>(task, false, [&](float* w, float* s, const float* g, double) {
        adam<Isa>(w, s, s + n, g, n, o, scales);
      });
    case OptimizerKind::rowwise_adam:
      return update_groups<Isa>(task, true, [&](float* w, float* s, const float* g, double sum) {
        rowwise_adam<Isa>(w, s, s[n], g, n, mean_square<Isa>(sum, dim), o, scales);
      });
    case OptimizerKind::ftrl:
      return update_groups<Isa>(task, false, [&](float* w, float* s, const float* g, double) {
        ftrl<Isa>(w, s, s + n, g, n, o, lr);
      });
  }
}

}  // namespace shardwright::simd
