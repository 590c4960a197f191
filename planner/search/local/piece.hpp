#pragma once

#include <cstdint>
#include <vector>

namespace shardwright {

/// The rank of a piece that every rank holds.
inline constexpr std::int32_t kEveryRank = -1;

/// A part of a table that the search moves about: `width` columns of the rows that its slice says
/// (SearchSpace::slice), by default all of them. Which columns and which rows they are does not
/// matter to any price and is settled at the end (deal()).
struct Piece {
  std::int32_t table = 0;
  std::int32_t width = 0;
  std::int32_t rank = 0;
  std::int32_t slice = 0;
  bool operator==(const Piece&) const = default;
};

/// Names a piece of a layout as long as it stays where it is.
using PieceId = std::int32_t;

/// One step of the search: these pieces go, those come. The columns and rows of every table must
/// come out even.
struct Change {
  std::vector<PieceId> removed;
  std::vector<Piece> added;
  void clear() {
    removed.clear();
    added.clear();
  }
};

}  // namespace shardwright
