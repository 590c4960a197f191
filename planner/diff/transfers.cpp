#include "planner/diff/transfers.hpp"

#include <algorithm>
#include <utility>

namespace shardwright {
namespace {

Bytes bytes_of(const Table& table, std::int64_t rows, std::int64_t columns) {
  if (rows <= 0 || columns <= 0) return {};
  return weight_bytes(table, rows, columns) + optimizer_bytes(table.optimizer, rows, columns);
}

std::int64_t overlap(std::int64_t begin_a, std::int64_t end_a, std::int64_t begin_b,
                     std::int64_t end_b) {
  return std::min(end_a, end_b) - std::max(begin_a, begin_b);
}

Bytes shared_bytes(const Table& table, const Shard& a, const Shard& b) {
  const std::int64_t rows = overlap(a.row_begin, a.row_end, b.row_begin, b.row_end);
  const std::int64_t columns = overlap(a.col_begin, a.col_end, b.col_begin, b.col_end);
  return bytes_of(table, rows, columns);
}

}  // namespace

Bytes TableTransfers::moved() const {
  Bytes sum;
  for (const Transfer& transfer : transfers) sum += transfer.bytes;
  return sum;
}

TableTransfers transfers_of(const Table& table, std::span<const Shard> before,
                            std::int64_t ranks_before, std::span<const Shard> after,
                            std::int64_t ranks_after) {
  TableTransfers result;
  result.fresh.resize(static_cast<std::size_t>(ranks_after));
  const auto receive = [&](const Shard& shard, RankId to) {
    Bytes known;
    for (const Shard& old : before) {
      const Bytes shared = shared_bytes(table, old, shard);
      known += shared;
      const bool stays = old.on(to) && to.value() < ranks_before;
      if (stays || shared == Bytes(0)) continue;
      result.transfers.push_back({old.rank.value_or(RankId(0)), to, shared});
    }
    const Bytes all = bytes_of(table, shard.rows(), shard.columns());
    result.fresh[to.index()] += std::max(all - known, Bytes(0));
  };
  for (const Shard& shard : after) {
    if (shard.rank) {
      receive(shard, *shard.rank);
      continue;
    }
    for (std::int64_t rank = 0; rank < ranks_after; ++rank) receive(shard, RankId(rank));
  }
  return result;
}

}  // namespace shardwright
