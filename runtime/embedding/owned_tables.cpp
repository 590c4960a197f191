#include "runtime/embedding/owned_tables.hpp"

#include "runtime/embedding/lookup.hpp"

namespace shardwright {

OwnedTables::OwnedTables(const ExchangeLayout& layout, const Workload& workload,
                         const OptimizerSettings& settings, RankId self,
                         std::span<ShardedEmbeddings::LocalShard> shards)
    : layout_(layout),
      workload_(workload),
      settings_(settings),
      self_(self.index()),
      shards_(shards),
      square_sums_(layout, workload, self),
      groups_(layout.owners[self_].blocks.size()) {}

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

/// Of a part of a bag only the sum can be taken.
PoolingMode OwnedTables::mode(const OwnedBlock& block) const {
  return block.is_part ? PoolingMode::sum : workload_.table(block.table).mode;
}

GradientView OwnedTables::gradients_of(const OwnedPiece& piece) const {
  return {matrix_.data(), self().columns, piece.column};
}

std::span<float> OwnedTables::working_row(const OwnedPiece& piece) {
  row_.resize(static_cast<std::size_t>(shards_[piece.shard].shard.columns()));
  return row_;
}

ShardRows OwnedTables::rows_of(const OwnedPiece& piece) {
  return rows_from(shards_[piece.shard], piece.first_row);
}

void OwnedTables::look_up(const InputExchange& input) {
  const std::int64_t stride = self().columns;
  matrix_.resize(static_cast<std::size_t>(input.samples() * stride));
  for_each_piece([&](const OwnedBlock& block, std::size_t, const OwnedPiece& piece, std::size_t) {
    const ShardRows rows = rows_of(piece);
    const auto width = static_cast<std::int64_t>(rows.width);
    for (const InputSource& source : input.sources()) {
      float* first = matrix_.data() + source.row_begin * stride + piece.column;
      for (std::size_t k = 0; k < block.num_features; ++k, first += width) {
        pool_bags(source.features[block.first_feature + k], mode(block), rows.weights, width, first,
                  stride);
      }
    }
  });
}

void OwnedTables::group_rows(const InputExchange& input) {
  for (std::size_t b = 0; b < groups_.size(); ++b) {
    const OwnedBlock& block = self().blocks[b];
    groups_[b].build(input.sources(), block.first_feature, block.num_features, mode(block),
                     block.rows());
  }
}

double OwnedTables::sum_all_squares() {
  double sum = 0;
  for_each_piece([&](const OwnedBlock&, std::size_t b, const OwnedPiece& piece, std::size_t) {
    sum += shardwright::sum_all_squares(groups_[b], gradients_of(piece), working_row(piece));
  });
  return sum;
}

void OwnedTables::sum_row_squares(const StepSize& step) {
  for (std::size_t b = 0; b < groups_.size(); ++b) {
    if (square_sums_.needed(b)) square_sums_.start(b, groups_[b].size());
  }
  for_each_piece([&](const OwnedBlock& block, std::size_t b, const OwnedPiece& piece,
                     std::size_t i) {
    if (!square_sums_.needed(b)) return;
    shardwright::sum_row_squares(rows_of(piece), rule(block, step), groups_[b], gradients_of(piece),
                                 working_row(piece), square_sums_.own_part(b, i));
  });
}

void OwnedTables::update(const StepSize& step) {
  for_each_piece([&](const OwnedBlock& block, std::size_t b, const OwnedPiece& piece, std::size_t) {
    update_rows(rows_of(piece), rule(block, step), groups_[b], gradients_of(piece),
                square_sums_.totals(b), working_row(piece));
  });
}

}  // namespace shardwright
