#pragma once

#include <cstdint>
#include <vector>

namespace shardwright {

/// A column range of a table that the search moves about: all rows, `width` columns. Which columns
/// they are does not matter to any price and is settled at the end (deal_columns()).
struct Piece {
  std::int32_t table = 0;
  std::int32_t width = 0;
  std::int32_t rank = 0;
  bool operator==(const Piece&) const = default;
};

/// Names a piece of a layout as long as it stays where it is.
using PieceId = std::int32_t;

/// One step of the search: these pieces go, those come. The columns of every table must come out
/// even.
struct Change {
  std::vector<PieceId> removed;
  std::vector<Piece> added;
  void clear() {
    removed.clear();
    added.clear();
  }
};

}  // namespace shardwright
