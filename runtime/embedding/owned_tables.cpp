#include "runtime/embedding/owned_tables.hpp"

#include "runtime/embedding/huge_pages.hpp"
#include "runtime/embedding/one_id_bags.hpp"
#include "runtime/embedding/simd/kernels.hpp"
#include "runtime/embedding/work_split.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>

namespace shardwright {

OwnedTables::OwnedTables(const ExchangeLayout& layout, const Workload& workload,
                         const OptimizerSettings& settings, RankId self,
                         std::span<ShardedEmbeddings::LocalShard> shards, Workers& workers)
    : layout_(layout),
      workload_(workload),
      settings_(settings),
      self_(self.index()),
      shards_(shards),
      workers_(workers),
      square_sums_(layout, workload, self),
      groups_(layout.owners[self_].blocks.size()),
      rows_(layout.owners[self_]),
      scratch_(workers.threads()) {}

/// visit(block, its position, piece, its position in the block).
template <class Visit>
void OwnedTables::for_each_piece(Visit visit) {
  for (std::size_t b = 0; b < self().blocks.size(); ++b) {
    const OwnedBlock& block = self().blocks[b];
    for (std::size_t i = 0; i < block.num_pieces; ++i) {
      visit(block, b, self().pieces[block.first_piece + i], i);
    }
  }
}

std::size_t OwnedTables::ids_of(const Request& asked) {
  std::size_t ids = 0;
  for (const InputSource& source : asked.sources) {
    for (std::size_t k = 0; k < asked.num_features; ++k) {
      ids += source.features[asked.first_feature + k].ids.size();
    }
  }
  return ids;
}

/// 0 if it is pooled.
std::int64_t OwnedTables::rows_per_vector(const OwnedBlock& block) const {
  return block.vector_width == 0 ? 0 : block.vector_width / self().row_width;
}

/// Of a part of a bag only the sum can be taken, and rows are the sums of bags of one id.
PoolingMode OwnedTables::mode(const OwnedBlock& block) const {
  const bool sums = block.is_part || block.sends_rows;
  return sums ? PoolingMode::sum : workload_.table(block.table).mode;
}

OwnedTables::Request OwnedTables::request(std::size_t block, std::span<const InputSource> sources) {
  const OwnedBlock& owned = self().blocks[block];
  if (owned.sends_rows) {
    float* const rows = rows_.values(block).data();
    return {rows_.sources(block), 0, 1, rows, owned.row_columns, owned.row_columns};
  }
  const std::int64_t stride = owned.vector_width > 0 ? owned.vector_width : self().columns;
  return {sources,        owned.first_feature, owned.num_features,
          matrix_.data(), self().row_width,    stride};
}

GradientView OwnedTables::gradients_of(std::size_t block, const OwnedPiece& piece) {
  const Request where = request(block, {});
  return {where.values, where.row_width, piece.column, shards_[piece.shard].shard.columns()};
}

std::span<float> OwnedTables::scratch(std::size_t thread, std::size_t width) {
  scratch_[thread].resize(scratch_size(width));
  return scratch_[thread];
}

ShardRows OwnedTables::rows_of(const OwnedPiece& piece) {
  return rows_from(shards_[piece.shard], piece.first_row);
}

/// Enough for the threads to end at about the same time, and no more, for tasks have a price.
std::size_t OwnedTables::ids_per_task(std::size_t ids) const {
  constexpr std::size_t kTasksPerThread = 8;
  constexpr std::size_t kFewestIds = 1024;
  if (workers_.threads() == 1) return std::numeric_limits<std::size_t>::max();
  return std::max(ids / (workers_.threads() * kTasksPerThread), kFewestIds);
}

/// Of the blocks that send rows, for all sources, or of the others.
void OwnedTables::plan_look_ups(bool of_rows, std::span<const InputSource> sources) {
  std::size_t ids = 0;
  for_each_piece([&](const OwnedBlock& block, std::size_t b, const OwnedPiece&, std::size_t) {
    if (block.sends_rows == of_rows) ids += ids_of(request(b, sources));
  });
  look_ups_.clear();
  const std::size_t task = ids_per_task(ids);
  for_each_piece([&](const OwnedBlock& block, std::size_t b, const OwnedPiece& piece, std::size_t) {
    if (block.sends_rows != of_rows) return;
    const Request asked = request(b, sources);
    for (const InputSource& source : asked.sources) {
      if (block.vector_width > 0) {
        plan_vectors(asked, block, piece, source, task);
      } else {
        plan_bags(asked, block, piece, source, task);
      }
    }
  });
}

void OwnedTables::plan_bags(const Request& asked, const OwnedBlock& block, const OwnedPiece& piece,
                            const InputSource& source, std::size_t ids_per_task) {
  if (source.samples == 0) return;
  const WeightRows rows = rows_of(piece).to_read();
  float* first = asked.values + source.row_begin * asked.row_width + piece.column;
  for (std::size_t k = 0; k < asked.num_features; ++k, first += rows.width) {
    const BagsView& bags = source.features[asked.first_feature + k];
    for (const BagsPart& part : split_bags(bags, ids_per_task)) {
      float* const out = first + static_cast<std::int64_t>(part.first_bag) * asked.stride;
      look_ups_.push_back({part.bags, mode(block), rows, out, asked.stride});
    }
  }
}

void OwnedTables::plan_vectors(const Request& asked, const OwnedBlock& block,
                               const OwnedPiece& piece, const InputSource& source,
                               std::size_t ids_per_task) {
  const WeightRows rows = rows_of(piece).to_read();
  for (std::size_t k = block.first_feature; k < block.first_feature + block.num_features; ++k) {
    float* const first = asked.values + source.first_vectors[k] * asked.row_width + piece.column;
    for (const BagsPart& part : one_id_bags(source.features[k], ids_per_task)) {
      float* const out = first + static_cast<std::int64_t>(part.first_bag) * asked.stride;
      look_ups_.push_back({part.bags, mode(block), rows, out, asked.stride});
    }
  }
}

void OwnedTables::run_look_ups() {
  const EmbeddingKernels& kernels = embedding_kernels();
  workers_.run(look_ups_.size(), [&](std::size_t i, std::size_t) {
    const LookUp& look_up = look_ups_[i];
    kernels.pool_bags(look_up.bags, look_up.mode, look_up.rows, look_up.out, look_up.stride);
  });
}

void OwnedTables::start(const InputExchange& input) {
  const std::int64_t rows = input.sources().back().row_end();
  resize_in_huge_pages(matrix_, static_cast<std::size_t>(rows * self().row_width));
  rows_.start(input.sources());
}

void OwnedTables::look_up(std::span<const InputSource> sources) {
  plan_look_ups(false, sources);
  run_look_ups();
}

void OwnedTables::look_up_rows() {
  plan_look_ups(true, {});
  run_look_ups();
}

void OwnedTables::look_up(const InputExchange& input) {
  start(input);
  look_up(input.sources());
  look_up_rows();
}

void OwnedTables::group_rows(const InputExchange& input) {
  std::vector<std::size_t> order(groups_.size());  // the largest first
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return ids_of(request(a, input.sources())) > ids_of(request(b, input.sources()));
  });
  workers_.run(groups_.size(), [&](std::size_t i, std::size_t) {
    const OwnedBlock& block = self().blocks[order[i]];
    const Request asked = request(order[i], input.sources());
    groups_[order[i]].build(asked.sources, asked.first_feature, asked.num_features, mode(block),
                            block.rows(), rows_per_vector(block));
  });
  plan_updates();
}

void OwnedTables::plan_updates() {
  std::size_t ids = 0;
  for_each_piece([&](const OwnedBlock&, std::size_t b, const OwnedPiece&, std::size_t) {
    ids += groups_[b].ids();
  });
  updates_.clear();
  hot_gradients_.clear();
  for_each_piece(
      [&](const OwnedBlock& block, std::size_t b, const OwnedPiece& piece, std::size_t i) {
        plan_piece({&block, b, &piece, i, {}, 0, false}, ids_per_task(ids));
      });
}

void OwnedTables::plan_piece(Update update, std::size_t ids_per_task) {
  const RowGroups& groups = groups_[update.block_position];
  for (const GroupRange& range : split_groups(groups, ids_per_task)) {
    update.groups = range;
    update.is_hot = range.end == range.begin + 1 && groups[range.begin].size() > ids_per_task;
    update.hot_gradient = hot_gradients_.size();
    if (update.is_hot) {
      hot_gradients_.resize(hot_gradients_.size() + rows_of(*update.piece).width);
    }
    updates_.push_back(update);
  }
}

/// A row that has more than one thread's share of the ids: the threads share its columns.
void OwnedTables::sum_hot_gradients() {
  constexpr std::size_t kColumns = 16;
  const EmbeddingKernels& kernels = embedding_kernels();
  for (const Update& update : updates_) {
    if (!update.is_hot) continue;
    const std::size_t width = rows_of(*update.piece).width;
    const std::span gradient = std::span(hot_gradients_).subspan(update.hot_gradient, width);
    const std::span group = groups_[update.block_position][update.groups.begin];
    workers_.run((width + kColumns - 1) / kColumns, [&](std::size_t part, std::size_t) {
      GradientView view = gradients_of(update.block_position, *update.piece);
      view.column += static_cast<std::int64_t>(part * kColumns);
      const std::size_t columns = std::min(kColumns, width - part * kColumns);
      kernels.sum_gradients(group, view, gradient.subspan(part * kColumns, columns));
    });
  }
}

double OwnedTables::sum_all_squares() {
  double sum = 0;
  for_each_piece([&](const OwnedBlock&, std::size_t b, const OwnedPiece& piece, std::size_t) {
    const std::size_t width = rows_of(piece).width;
    sum += shardwright::sum_all_squares(groups_[b], gradients_of(b, piece),
                                        scratch(0, width).first(width));
  });
  return sum;
}

void OwnedTables::sum_row_squares(const StepSize& step) {
  for (std::size_t b = 0; b < groups_.size(); ++b) {
    if (square_sums_.needed(b)) square_sums_.start(b, groups_[b].size());
  }
  workers_.run(updates_.size(), [&](std::size_t i, std::size_t thread) {
    const Update& update = updates_[i];
    if (!square_sums_.needed(update.block_position)) return;
    const ShardRows rows = rows_of(*update.piece);
    shardwright::sum_row_squares(
        {rows,
         rule(*update.block, step),
         groups_[update.block_position],
         update.groups,
         gradients_of(update.block_position, *update.piece),
         {},
         scratch(thread, rows.width)},
        square_sums_.own_part(update.block_position, update.piece_position));
  });
}

void OwnedTables::update(const StepSize& step) {
  const EmbeddingKernels& kernels = embedding_kernels();
  sum_hot_gradients();
  workers_.run(updates_.size(), [&](std::size_t i, std::size_t thread) {
    const Update& update = updates_[i];
    if (update.is_hot) return update_hot(update, step, thread);
    const ShardRows rows = rows_of(*update.piece);
    const std::size_t block = update.block_position;
    kernels.update_rows({rows, rule(*update.block, step), groups_[block], update.groups,
                         gradients_of(block, *update.piece), square_sums_.totals(block),
                         scratch(thread, rows.width)});
  });
}

void OwnedTables::update_hot(const Update& update, const StepSize& step, std::size_t thread) {
  const ShardRows rows = rows_of(*update.piece);
  const std::size_t group = update.groups.begin;
  const std::span<const double> sums = square_sums_.totals(update.block_position);
  update_row(rows, groups_[update.block_position].row(group), rule(*update.block, step),
             std::span(hot_gradients_).subspan(update.hot_gradient, rows.width),
             sums.empty() ? std::nullopt : std::optional(sums[group]),
             scratch(thread, rows.width).last(rows.width));
}

}  // namespace shardwright
