#include "runtime/device/rank_layout.hpp"

#include "costmodel/errors.hpp"
#include "runtime/device/update_kernel.cuh"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace shardwright {
namespace {

std::int32_t narrow(std::size_t value) { return static_cast<std::int32_t>(value); }

class LayoutMaker {
 public:
  LayoutMaker(const OwnerLayout& owner, const Workload& workload, const OptimizerSettings& settings,
              const std::vector<DeviceShard>& shards)
      : owner_(owner), workload_(workload), settings_(settings), shards_(shards) {}

  RankLayout make() {
    for (const OwnedBlock& block : owner_.blocks) add(block);
    if (made_.total_rows > std::numeric_limits<std::uint32_t>::max()) {
      throw InputError(fmt::format(
          "The shards of a rank have {} rows together; a GPU takes fewer than 2^32: plan for more "
          "ranks.",
          made_.total_rows));
    }
    return std::move(made_);
  }

 private:
  void add(const OwnedBlock& owned) {
    const Table& table = workload_.table(owned.table);
    DeviceBlock block;
    block.row_base = made_.total_rows;
    block.rows = owned.rows();
    block.first_row = owned.row_begin;
    block.per_column = 1.0 / static_cast<double>(table.dim);
    block.first_piece = narrow(made_.pieces.size());
    block.num_pieces = narrow(owned.num_pieces);
    block.first_feature = narrow(owned.first_feature);
    block.num_features = narrow(owned.num_features);
    block.mean = table.mode == PoolingMode::mean && !owned.is_part;
    block.optimizer = table.optimizer;
    add_pieces(owned, block);
    for (std::size_t k = 0; k < owned.num_features; ++k) {
      made_.features.push_back({block.row_base, block.rows, block.mean});
    }
    made_.row_bases.push_back(block.row_base);
    made_.total_rows += block.rows;
    made_.states |= 1 << states_per_weight(table.optimizer, settings_.momentum);
    made_.weighted |= table.weighted;
    made_.has_coefficients |= table.weighted || block.mean;
    made_.blocks.push_back(block);
  }

  void add_pieces(const OwnedBlock& owned, DeviceBlock& block) {
    std::int64_t columns = 0;
    std::int64_t widest = 0;
    for (std::size_t p = 0; p < owned.num_pieces; ++p) {
      const OwnedPiece& place = owner_.pieces[owned.first_piece + p];
      DevicePiece piece = shards_[place.shard].piece(place.first_row);
      piece.column = place.column;
      piece.column_in_block = columns;
      columns += piece.width;
      widest = std::max(widest, piece.width);
      made_.pieces.push_back(piece);
      add_slots(block, piece);
    }
    block.lanes = lanes_for(widest);
    made_.widest = std::max(made_.widest, widest);
    made_.most_columns = std::max(made_.most_columns, columns);
  }

  void add_slots(const DeviceBlock& block, const DevicePiece& piece) {
    for (std::int32_t k = 0; k < block.num_features; ++k) {
      for (std::int64_t column = 0; column < piece.width; column += kMostColumns) {
        const std::int64_t columns = std::min(kMostColumns, piece.width - column);
        LookupSlot& slot = made_.slots.emplace_back();
        slot.weights = piece.weights;
        slot.width = piece.width;
        slot.rows = block.rows;
        slot.first_column = column;
        slot.matrix_column = piece.column + k * piece.width + column;
        slot.columns = static_cast<std::int32_t>(columns);
        slot.lanes = lanes_for(columns);
        slot.first_feature = block.first_feature;
        slot.num_features = block.num_features;
        slot.feature = k;
        slot.dtype = piece.dtype;
        slot.mean = block.mean;
      }
    }
  }

  const OwnerLayout& owner_;
  const Workload& workload_;
  const OptimizerSettings& settings_;
  const std::vector<DeviceShard>& shards_;
  RankLayout made_;
};

}  // namespace

RankLayout make_rank_layout(const OwnerLayout& owner, const Workload& workload,
                            const OptimizerSettings& settings,
                            const std::vector<DeviceShard>& shards) {
  return LayoutMaker(owner, workload, settings, shards).make();
}

}  // namespace shardwright
