#include "planner/search/local/deal.hpp"

#include <algorithm>
#include <tuple>

namespace shardwright {
namespace {

// All pieces of one table, which get their shards.
class Dealing {
 public:
  Dealing(const SearchSpace& space, std::span<const Piece> pieces)
      : space_(space), pieces_(pieces.begin(), pieces.end()) {
    std::sort(pieces_.begin(), pieces_.end(),
              [&](const Piece& a, const Piece& b) { return order(a) < order(b); });
    whole_ = space.shard_like({pieces.front().table, space.dim(pieces.front().table)});
  }

  std::vector<Shard> run() const {
    std::vector<Shard> shards;
    for (const Piece& piece : pieces_) {
      const Shard* before = shards.empty() ? nullptr : &shards.back();
      Shard shard = space_.shard_like(piece);
      shard.type = type();
      if (before != nullptr && before->row_end < whole_.row_end) {  // the next block of the part
        shard.row_begin = before->row_end;
        shard.col_begin = before->col_begin;
      } else if (before != nullptr) {
        shard.col_begin = before->col_end;
      }
      shard.row_end = shard.row_begin + space_.slice(piece).rows;
      shard.col_end = shard.col_begin + piece.width;
      if (piece.rank != kEveryRank) shard.rank = RankId(piece.rank);
      shards.push_back(shard);
    }
    return shards;
  }

 private:
  // The blocks of a part stand together, on one node if it has several.
  std::tuple<std::int32_t, std::size_t, std::int64_t, std::int32_t> order(
      const Piece& piece) const {
    const Slice& slice = space_.slice(piece);
    const std::size_t node = slice.type == ShardingType::grid ? space_.node_of(piece.rank) : 0;
    return {-piece.width, node, -slice.rows, piece.rank};
  }

  ShardingType type() const {
    const Piece& widest = pieces_.front();
    const TableRules& rules = space_.rules(widest.table);
    const bool whole = widest.width == space_.dim(widest.table);
    const ShardingType of_slice = space_.slice(widest).type;
    if (of_slice == ShardingType::grid) {
      const bool named = whole && rules.allows(ShardingType::table_row_wise);
      return named ? ShardingType::table_row_wise : ShardingType::grid;
    }
    if (of_slice != ShardingType::column_wise) return of_slice;
    if (whole && rules.table_wise) return ShardingType::table_wise;
    return rules.column_wise ? ShardingType::column_wise : ShardingType::table_column_wise;
  }

  const SearchSpace& space_;
  std::vector<Piece> pieces_;
  Shard whole_;
};

// Calls `use` with the run of elements of every table.
template <class T, class TableOf, class Use>
void by_table(std::span<const T> sorted, const TableOf& table_of, const Use& use) {
  for (auto begin = sorted.begin(); begin != sorted.end();) {
    const auto end = std::find_if(begin, sorted.end(), [&](const T& element) {
      return table_of(element) != table_of(*begin);
    });
    use(std::span<const T>(begin, end));
    begin = end;
  }
}

Piece piece_of(const Shard& shard, std::int32_t slice) {
  return {static_cast<std::int32_t>(shard.table.value()),
          static_cast<std::int32_t>(shard.columns()),
          shard.rank ? static_cast<std::int32_t>(shard.rank->value()) : kEveryRank, slice};
}

// The slice that a shard of a table cut by rows is of; the first one if it is of none.
std::int32_t slice_in(const SearchSpace& space, const RowCut& cut, const Shard& shard) {
  const Piece last = piece_of(shard, cut.last_slice);
  return space.slice(last).rows == shard.rows() ? cut.last_slice : cut.slice;
}

// Pieces like the shards of one table, if that is legal.
std::optional<std::vector<Piece>> pieces_of_table(const SearchSpace& space,
                                                  std::span<const Shard> shards) {
  const auto table = static_cast<std::int32_t>(shards.front().table.value());
  const ShardingType type = shards.front().type;
  std::optional<std::vector<Piece>> found;
  const auto try_slices = [&](const auto& slice_of) {
    std::vector<Piece> pieces;
    for (const Shard& shard : shards) {
      pieces.push_back(piece_of(shard, slice_of(shard)));
      if (space.slice(pieces.back()).rows != shard.rows()) return;
    }
    if (!found && space.legal(pieces)) found = std::move(pieces);
  };
  if (type == ShardingType::data_parallel) {
    if (const auto replica = space.replica_slice(table)) {
      try_slices([&](const Shard&) { return *replica; });
    }
    return found;
  }
  for (const RowCut& cut : space.row_cuts(table)) {
    const bool in_node = type == ShardingType::table_row_wise || type == ShardingType::grid;
    if (cut.type != (in_node ? ShardingType::grid : type)) continue;
    try_slices([&](const Shard& shard) { return slice_in(space, cut, shard); });
  }
  if (!found) try_slices([](const Shard&) { return 0; });
  return found;
}

}  // namespace

std::vector<Shard> deal(const SearchSpace& space, std::span<const Piece> pieces) {
  std::vector<Piece> sorted(pieces.begin(), pieces.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Piece& a, const Piece& b) { return a.table < b.table; });
  std::vector<Shard> shards;
  by_table(
      std::span<const Piece>(sorted), [](const Piece& piece) { return piece.table; },
      [&](std::span<const Piece> of_table) {
        const auto dealt = Dealing(space, of_table).run();
        shards.insert(shards.end(), dealt.begin(), dealt.end());
        const TableId table(of_table.front().table);
        for (const TableId other : space.problem().companions.followers[table.index()]) {
          shards.push_back(whole_shard(space.problem(), other));
          shards.back().rank = dealt.front().rank;
        }
      });
  std::sort(shards.begin(), shards.end(), [](const Shard& a, const Shard& b) {
    return std::tuple(a.table, a.row_begin, a.col_begin) <
           std::tuple(b.table, b.row_begin, b.col_begin);
  });
  return shards;
}

std::optional<std::vector<Piece>> pieces_of(const SearchSpace& space,
                                            std::span<const Shard> shards) {
  const Companions& companions = space.problem().companions;
  std::vector<Piece> pieces;
  std::vector<std::optional<RankId>> rank_of_first(space.num_tables());
  std::size_t tables = 0;
  bool legal = true;
  by_table(
      shards, [](const Shard& shard) { return shard.table; },
      [&](std::span<const Shard> of_table) {
        const TableId table = of_table.front().table;
        const TableId leader = companions.leader[table.index()];
        rank_of_first[table.index()] = of_table.front().rank;
        ++tables;
        if (leader != table) {  // leaders come first
          legal = legal && of_table.size() == 1 &&
                  of_table.front().rank == rank_of_first[leader.index()];
          return;
        }
        const auto of = pieces_of_table(space, of_table);
        legal = legal && of;
        if (of) pieces.insert(pieces.end(), of->begin(), of->end());
      });
  if (!legal || tables != space.num_tables()) return {};
  return pieces;
}

}  // namespace shardwright
