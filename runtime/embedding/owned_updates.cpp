// What OwnedTables does with gradients.

#include "runtime/embedding/owned_tables.hpp"
#include "runtime/embedding/simd/kernels.hpp"
#include "runtime/embedding/sort_order.hpp"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

namespace shardwright {

void OwnedTables::group_rows(const InputExchange& input) {
  const auto build = [&](std::size_t b, Workers* workers) {
    const OwnedBlock& block = self().blocks[b];
    const Request asked = request(b, input.sources());
    groups_[b].build(asked.sources, asked.first_feature, asked.num_features, mode(block),
                     block.rows(), rows_per_vector(block), workers);
  };
  std::vector<std::size_t> ids;
  for (std::size_t b = 0; b < groups_.size(); ++b)
    ids.push_back(ids_of(request(b, input.sources())));
  const SortOrder order = sort_order(ids, workers_);
  const std::span blocks(order.lists);
  for (const std::size_t b : blocks.first(order.shared)) build(b, &workers_);
  const std::span others = blocks.subspan(order.shared);
  workers_.run(others.size(), [&](std::size_t i, std::size_t) { build(others[i], nullptr); });
  plan_updates();
}

void OwnedTables::plan_updates() {
  std::size_t work = 0;
  for_each_piece([&](const OwnedBlock&, std::size_t b, const OwnedPiece& piece, std::size_t) {
    work += work_on(groups_[b].ids(), columns_of(piece));
  });
  updates_.clear();
  hot_gradients_.clear();
  has_hot_sums_ = false;
  num_kept_ = 0;
  const WorkShare task = share_of(work, workers_.threads());
  for_each_piece(
      [&](const OwnedBlock& block, std::size_t b, const OwnedPiece& piece, std::size_t i) {
        Update update;
        update.block = &block;
        update.block_position = b;
        update.piece = &piece;
        update.piece_position = i;
        plan_piece(update, task);
      });
  kept_gradients_.resize(num_kept_);
}

void OwnedTables::plan_piece(Update update, const WorkShare& task) {
  const RowGroups& groups = groups_[update.block_position];
  const std::size_t ids_per_task = task.ids(columns_of(*update.piece));
  for (const GroupRange& range : split_groups(groups, ids_per_task)) {
    update.groups = range;
    update.is_hot = is_hot(groups, range, ids_per_task);
    update.hot_gradient = hot_gradients_.size();
    if (update.is_hot) {
      hot_gradients_.resize(hot_gradients_.size() + rows_of(*update.piece).width);
    }
    const bool keeps = !update.is_hot && square_sums_.needed(update.block_position);
    update.kept_begin = num_kept_;
    update.kept_size = keeps ? kept_floats(groups, range, rows_of(*update.piece).width) : 0;
    num_kept_ += update.kept_size;
    updates_.push_back(update);
  }
}

/// Of rows that have more ids than one task's share. Once per batch.
void OwnedTables::sum_hot_gradients() {
  if (std::exchange(has_hot_sums_, true)) return;
  for (const Update& update : updates_) {
    if (!update.is_hot) continue;
    const std::span gradient = hot_gradient(update);
    const std::span group = groups_[update.block_position][update.groups.begin];
    const std::vector<ColumnRange> parts = split_columns(gradient.size());
    workers_.run(parts.size(), [&](std::size_t i, std::size_t) {
      GradientView view = gradients_of(update.block_position, *update.piece);
      view.column += static_cast<std::int64_t>(parts[i].begin);
      embedding_kernels().sum_gradients(group, view,
                                        gradient.subspan(parts[i].begin, parts[i].count));
    });
  }
}

/// Of every group apart, by whichever thread, and then added up in the order of the groups.
double OwnedTables::sum_all_squares() {
  sum_hot_gradients();
  std::vector<std::size_t> begins = {0};
  for (const Update& update : updates_) {
    begins.push_back(begins.back() + update.groups.end - update.groups.begin);
  }
  std::vector<double> squares(begins.back());
  workers_.run(updates_.size(), [&](std::size_t i, std::size_t thread) {
    write_squares(updates_[i], thread, std::span(squares).subspan(begins[i]));
  });
  return std::accumulate(squares.begin(), squares.end(), 0.0);
}

void OwnedTables::write_squares(const Update& update, std::size_t thread,
                                std::span<double> squares) {
  if (update.is_hot) {
    squares.front() = sum_of_squares(hot_gradient(update));
    return;
  }
  const RowGroups& groups = groups_[update.block_position];
  const GradientView gradients = gradients_of(update.block_position, *update.piece);
  const std::size_t width = rows_of(*update.piece).width;
  const std::span<float> gradient = scratch(thread, width).first(width);
  for (std::size_t g = update.groups.begin; g < update.groups.end; ++g) {
    embedding_kernels().sum_gradients(groups[g], gradients, gradient);
    squares[g - update.groups.begin] = sum_of_squares(gradient);
  }
}

UpdateTask OwnedTables::task_of(const Update& update, const ShardRows& rows, const UpdateRule& rule,
                                std::size_t thread) {
  const std::size_t block = update.block_position;
  return {rows,
          rule,
          groups_[block],
          update.groups,
          gradients_of(block, *update.piece),
          square_sums_.totals(block),
          scratch(thread, rows.width),
          std::span(kept_gradients_).subspan(update.kept_begin, update.kept_size)};
}

void OwnedTables::sum_row_squares(const StepSize& step) {
  for (std::size_t b = 0; b < groups_.size(); ++b) {
    if (square_sums_.needed(b)) square_sums_.start(b, groups_[b].size());
  }
  sum_hot_gradients();
  workers_.run(updates_.size(), [&](std::size_t i, std::size_t thread) {
    const Update& update = updates_[i];
    if (!square_sums_.needed(update.block_position)) return;
    const ShardRows rows = rows_of(*update.piece);
    const UpdateRule how = rule(*update.block, step);
    const UpdateTask task = task_of(update, rows, how, thread);
    const std::span sums = square_sums_.own_part(update.block_position, update.piece_position);
    if (!update.is_hot) return embedding_kernels().sum_row_squares(task, sums);
    const std::size_t group = update.groups.begin;
    sums[group] = row_squares(task, group, hot_gradient(update));
  });
}

void OwnedTables::update(const StepSize& step) {
  sum_hot_gradients();
  workers_.run(updates_.size(), [&](std::size_t i, std::size_t thread) {
    const Update& update = updates_[i];
    if (update.is_hot) return update_hot(update, step, thread);
    const ShardRows rows = rows_of(*update.piece);
    const UpdateRule how = rule(*update.block, step);
    embedding_kernels().update_rows(task_of(update, rows, how, thread));
  });
}

std::span<float> OwnedTables::hot_gradient(const Update& update) {
  return std::span(hot_gradients_).subspan(update.hot_gradient, rows_of(*update.piece).width);
}

void OwnedTables::update_hot(const Update& update, const StepSize& step, std::size_t thread) {
  const ShardRows rows = rows_of(*update.piece);
  const std::size_t group = update.groups.begin;
  const std::span<const double> sums = square_sums_.totals(update.block_position);
  update_row(rows, groups_[update.block_position].row(group), rule(*update.block, step),
             hot_gradient(update), sums.empty() ? std::nullopt : std::optional(sums[group]),
             scratch(thread, rows.width).last(rows.width));
}

}  // namespace shardwright
