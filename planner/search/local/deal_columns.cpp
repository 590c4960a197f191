#include "planner/search/local/deal_columns.hpp"

#include <algorithm>
#include <tuple>

namespace shardwright {

std::vector<Shard> deal_columns(const Problem& problem, std::span<const Piece> pieces) {
  std::vector<Piece> sorted(pieces.begin(), pieces.end());
  std::sort(sorted.begin(), sorted.end(), [](const Piece& a, const Piece& b) {
    return std::tuple(a.table, -a.width, a.rank) < std::tuple(b.table, -b.width, b.rank);
  });
  std::vector<Shard> shards;
  for (const Piece& piece : sorted) {
    const TableId id(piece.table);
    const Table& table = problem.workload.table(id);
    const bool first = shards.empty() || shards.back().table != id;
    const std::int64_t begin = first ? 0 : shards.back().col_end;
    const bool whole = piece.width == table.dim && problem.rules[id.index()].table_wise;
    shards.push_back({id, whole ? ShardingType::table_wise : ShardingType::column_wise, 0,
                      table.rows, begin, begin + piece.width, RankId(piece.rank)});
  }
  return shards;
}

std::vector<Piece> pieces_of(std::span<const Shard> shards) {
  std::vector<Piece> pieces;
  for (const Shard& shard : shards) {
    pieces.push_back({static_cast<std::int32_t>(shard.table.value()),
                      static_cast<std::int32_t>(shard.columns()),
                      static_cast<std::int32_t>(shard.rank->value())});
  }
  return pieces;
}

}  // namespace shardwright
