#pragma once

#include "planner/search/block_cuts.hpp"
#include "planner/search/local/search_space.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace shardwright {

/// Tables cut by rows, cut by columns within a node, or held by every rank, placed one after the
/// other, and what they leave for the others. Borrows what it is made of.
class PlacedBlocks {
 public:
  PlacedBlocks(const Problem& problem, const BlockCuts& cuts, ColumnWidths widths);

  /// In the shape, on the roomiest ranks and nodes for it, that leaves the fullest of its ranks
  /// most room; but first on as few ranks as can be that tables apart from it may use. False if
  /// none fits memory and `apart`.
  bool place(TableId table);

  /// Per rank.
  const std::vector<Bytes>& room() const { return room_; }
  /// Per rank: of the tables placed, those that must be apart from others.
  const std::vector<std::vector<TableId>>& held() const { return held_; }
  const std::vector<Shard>& shards() const { return shards_; }

 private:
  using Shape = std::vector<Shard>;

  std::vector<Shape> shapes(TableId table) const;
  std::optional<Shape> row_wise(TableId table, const BlockCut& cut) const;
  std::optional<Shape> in_nodes(TableId table, const BlockCut& cut) const;
  void add_column_parts(TableId table, std::vector<Shape>& shapes) const;
  Shape column_parts(TableId table, const std::vector<RankId>& ranks) const;
  std::vector<std::vector<RankId>> roomiest_nodes(TableId table, const BlockCut& cut) const;
  void add_part(TableId table, const BlockCut& cut, std::span<const RankId> ranks,
                std::int64_t col_begin, std::int64_t col_end, Shape& shape) const;
  bool keeps_apart(TableId table, RankId rank) const;
  /// How many tables that must be apart from it may use its ranks, rank by rank.
  std::int64_t rivals(TableId table, std::span<const RankId> ranks) const;
  std::int64_t rivals(const Shape& shape) const;
  Bytes least_room(std::span<const RankId> ranks) const;
  std::optional<Bytes> room_left(const Shape& shape) const;
  void take(const Shape& shape);

  const Problem& problem_;
  const BlockCuts& cuts_;
  ColumnWidths widths_;
  std::vector<Bytes> room_;
  std::vector<std::vector<TableId>> held_;
  std::vector<Shard> shards_;
};

}  // namespace shardwright
