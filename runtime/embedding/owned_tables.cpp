#include "runtime/embedding/owned_tables.hpp"

#include "runtime/embedding/huge_pages.hpp"
#include "runtime/embedding/one_id_bags.hpp"

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
      parts_(layout, self),
      scratch_(workers.threads()) {}

std::size_t OwnedTables::ids_of(const Request& asked) {
  std::size_t ids = 0;
  for (const InputSource& source : asked.sources) {
    for (std::size_t k = 0; k < asked.num_features; ++k) {
      ids += source.features[asked.first_feature + k].ids.size();
    }
  }
  return ids;
}

OwnedTables::Place OwnedTables::place(const OwnedBlock& block) {
  if (block.sends_rows) return Place::rows;
  return block.is_summed_in_node ? Place::parts : Place::matrix;
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
  if (owned.is_summed_in_node) {
    const std::int64_t width = parts_.columns();
    return {parts_.sources(),
            owned.first_feature,
            owned.num_features,
            parts_.values().data(),
            width,
            width};
  }
  const std::int64_t stride = owned.vector_width > 0 ? owned.vector_width : self().columns;
  return {sources,         owned.first_feature, owned.num_features,
          matrix().data(), self().row_width,    stride};
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

std::size_t OwnedTables::columns_of(const OwnedPiece& piece) const {
  return static_cast<std::size_t>(shards_[piece.shard].shard.columns());
}

/// Of the blocks of one kind; those in the matrix for `sources`, others for all.
void OwnedTables::plan_look_ups(Place looked_up, std::span<const InputSource> sources) {
  std::size_t work = 0;
  for_each_piece([&](const OwnedBlock& block, std::size_t b, const OwnedPiece& piece, std::size_t) {
    if (place(block) == looked_up) work += work_on(ids_of(request(b, sources)), columns_of(piece));
  });
  look_ups_.clear();
  const WorkShare task = share_of(work, workers_.threads());
  for_each_piece([&](const OwnedBlock& block, std::size_t b, const OwnedPiece& piece, std::size_t) {
    if (place(block) != looked_up) return;
    const Request asked = request(b, sources);
    const std::size_t ids = task.ids(columns_of(piece));
    for (const InputSource& source : asked.sources) {
      if (block.vector_width > 0) {
        plan_vectors(asked, block, piece, source, ids);
      } else {
        plan_bags(asked, block, piece, source, ids);
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
    for (const BagsPart& part : one_id_bags(source.features[k], ids_per_task)) {
      const std::int64_t first = source.first_vectors[k] * asked.row_width + piece.column;
      const std::int64_t before = static_cast<std::int64_t>(part.first_bag) * asked.stride;
      float* const out = asked.values + first + before;
      look_ups_.push_back({part.bags, mode(block), rows, out, asked.stride});
    }
  }
}

const SharedFloats& OwnedTables::share_matrix() {
  matrix_ = {};
  return shared_matrix_.emplace();
}

void OwnedTables::start(const InputExchange& input) {
  const std::int64_t rows = input.sources().back().row_end();
  const auto size = static_cast<std::size_t>(rows * self().row_width);
  if (shared_matrix_) {
    shared_matrix_->resize(size);
  } else {
    resize_in_huge_pages(matrix_, size);
  }
  rows_.start(input.sources());
  parts_.start(input.sources());
}

void OwnedTables::look_up(std::span<const InputSource> sources) {
  plan_look_ups(Place::matrix, sources);
  run_look_ups(workers_, look_ups_);
}

void OwnedTables::look_up_rows() {
  plan_look_ups(Place::rows, {});
  run_look_ups(workers_, look_ups_);
}

void OwnedTables::look_up_parts() {
  plan_look_ups(Place::parts, {});
  run_look_ups(workers_, look_ups_);
}

}  // namespace shardwright
