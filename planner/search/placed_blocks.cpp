#include "planner/search/placed_blocks.hpp"

#include "planner/search/cuts.hpp"
#include "planner/search/local/even_widths.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace shardwright {

PlacedBlocks::PlacedBlocks(const Problem& problem, const BlockCuts& cuts, ColumnWidths widths)
    : problem_(problem),
      cuts_(cuts),
      widths_(widths),
      room_(problem.room),
      held_(problem.room.size()) {}

bool PlacedBlocks::place(TableId table) {
  std::optional<Shape> best;
  std::pair<std::int64_t, Bytes> least;  // rivals, and room less than none
  for (Shape& shape : shapes(table)) {
    const auto left = room_left(shape);
    if (!left) continue;
    const std::pair now(rivals(shape), Bytes(0) - *left);
    if (best && now >= least) continue;
    best = std::move(shape);
    least = now;
  }
  if (best) take(*best);
  return best.has_value();
}

std::vector<PlacedBlocks::Shape> PlacedBlocks::shapes(TableId table) const {
  std::vector<Shape> shapes;
  for (const BlockCut& cut : cuts_.of(table)) {
    auto shape = cut.type == ShardingType::row_wise ? row_wise(table, cut) : in_nodes(table, cut);
    if (shape) shapes.push_back(std::move(*shape));
  }
  add_column_parts(table, shapes);
  if (cuts_.may_replicate(table)) {
    const Table& of = problem_.workload.table(table);
    shapes.push_back({{table, ShardingType::data_parallel, 0, of.rows, 0, of.dim, {}}});
  }
  return shapes;
}

std::optional<PlacedBlocks::Shape> PlacedBlocks::row_wise(TableId table,
                                                          const BlockCut& cut) const {
  std::vector<RankId> ranks = problem_.rules[table.index()].ranks;
  std::erase_if(ranks, [&](RankId rank) { return !keeps_apart(table, rank); });
  if (static_cast<std::int64_t>(ranks.size()) < cut.num_blocks) return {};
  std::stable_sort(ranks.begin(), ranks.end(), [&](RankId a, RankId b) {
    return std::pair(rivals(table, {&a, 1}), room_[b.index()]) <
           std::pair(rivals(table, {&b, 1}), room_[a.index()]);
  });
  Shape shape;
  add_part(table, cut, ranks, 0, problem_.workload.table(table).dim, shape);
  return shape;
}

// Column parts from left to right on the roomiest nodes, each of which has all rows.
std::optional<PlacedBlocks::Shape> PlacedBlocks::in_nodes(TableId table,
                                                          const BlockCut& cut) const {
  const auto dim = static_cast<std::int32_t>(problem_.workload.table(table).dim);
  const auto widths = even_widths(dim, static_cast<std::int32_t>(cut.num_parts), widths_);
  const auto nodes = roomiest_nodes(table, cut);
  const bool narrow = widths.size() > 1 && *std::min_element(widths.begin(), widths.end()) <
                                               problem_.rules[table.index()].min_width;
  if (narrow || widths.size() > nodes.size()) return {};
  Shape shape;
  std::int64_t begin = 0;
  for (std::size_t i = 0; i < widths.size(); ++i) {
    add_part(table, cut, nodes[i], begin, begin + widths[i], shape);
    begin += widths[i];
  }
  return shape;
}

// The fewest that the widths allow, on those ranks of each node that the table may use.
void PlacedBlocks::add_column_parts(TableId table, std::vector<Shape>& shapes) const {
  const TableRules& rules = problem_.rules[table.index()];
  if (!rules.allows(ShardingType::table_column_wise)) return;
  std::map<std::int64_t, std::vector<RankId>> nodes;
  for (const RankId rank : rules.ranks) {
    if (keeps_apart(table, rank)) nodes[problem_.topology.rank(rank).node].push_back(rank);
  }
  for (const auto& [node, ranks] : nodes) {
    Shape shape = column_parts(table, ranks);
    if (!shape.empty()) shapes.push_back(std::move(shape));
  }
}

// Each part on the rank that has most room then; none if they are too narrow or too many.
PlacedBlocks::Shape PlacedBlocks::column_parts(TableId id, const std::vector<RankId>& ranks) const {
  const Table& table = problem_.workload.table(id);
  const TableRules& rules = problem_.rules[id.index()];
  const auto widths = even_widths(static_cast<std::int32_t>(table.dim),
                                  static_cast<std::int32_t>(fewest_parts(table, rules)), widths_);
  const std::int32_t narrowest = *std::min_element(widths.begin(), widths.end());
  const bool too_narrow = widths.size() > 1 && narrowest < rules.min_width;
  if (too_narrow || std::ssize(widths) > rules.max_shards) return {};
  std::vector<Bytes> room = room_;
  Shape shape;
  std::int64_t begin = 0;
  for (const std::int32_t width : widths) {
    const RankId rank = *std::max_element(ranks.begin(), ranks.end(), [&](RankId a, RankId b) {
      return room[a.index()] < room[b.index()];
    });
    shape.push_back(
        {id, ShardingType::table_column_wise, 0, table.rows, begin, begin + width, rank});
    room[rank.index()] -= bytes_of(problem_, shape.back());
    begin += width;
  }
  return shape;
}

std::vector<std::vector<RankId>> PlacedBlocks::roomiest_nodes(TableId table,
                                                              const BlockCut& cut) const {
  auto nodes = cuts_.nodes_for(table, cut.num_ranks);
  std::erase_if(nodes, [&](const std::vector<RankId>& node) {
    return !std::all_of(node.begin(), node.end(),
                        [&](RankId rank) { return keeps_apart(table, rank); });
  });
  std::stable_sort(nodes.begin(), nodes.end(), [&](const auto& a, const auto& b) {
    return std::pair(rivals(table, a), least_room(b)) < std::pair(rivals(table, b), least_room(a));
  });
  return nodes;
}

void PlacedBlocks::add_part(TableId table, const BlockCut& cut, std::span<const RankId> ranks,
                            std::int64_t col_begin, std::int64_t col_end, Shape& shape) const {
  const std::int64_t rows = problem_.workload.table(table).rows;
  for (std::int64_t block = 0; block < cut.num_blocks; ++block) {
    const std::int64_t begin = block * cut.block_rows;
    shape.push_back({table, cut.type, begin, std::min(begin + cut.block_rows, rows), col_begin,
                     col_end, ranks[static_cast<std::size_t>(block)]});
  }
}

bool PlacedBlocks::keeps_apart(TableId table, RankId rank) const {
  const auto& others = problem_.companions.apart[table.index()];
  const auto& held = held_[rank.index()];
  return std::none_of(held.begin(), held.end(), [&](TableId other) {
    return std::binary_search(others.begin(), others.end(), other);
  });
}

std::int64_t PlacedBlocks::rivals(TableId table, std::span<const RankId> ranks) const {
  std::int64_t count = 0;
  for (const TableId other : problem_.companions.apart[table.index()]) {
    const auto& theirs = problem_.rules[other.index()].ranks;
    for (const RankId rank : ranks) {
      count += std::binary_search(theirs.begin(), theirs.end(), rank) ? 1 : 0;
    }
  }
  return count;
}

std::int64_t PlacedBlocks::rivals(const Shape& shape) const {
  std::int64_t count = 0;
  for (const Shard& shard : shape) {
    if (shard.rank) count += rivals(shard.table, {&*shard.rank, 1});
  }
  return count;
}

Bytes PlacedBlocks::least_room(std::span<const RankId> ranks) const {
  Bytes least = room_[ranks.front().index()];
  for (const RankId rank : ranks) least = std::min(least, room_[rank.index()]);
  return least;
}

// Of the fullest of its ranks; nothing if that is less than nothing.
std::optional<Bytes> PlacedBlocks::room_left(const Shape& shape) const {
  std::vector<Bytes> room = room_;
  for (const Shard& shard : shape) {
    const Bytes needs = bytes_of(problem_, shard);
    for (std::size_t rank = 0; rank < room.size() && !shard.rank; ++rank) room[rank] -= needs;
    if (shard.rank) room[shard.rank->index()] -= needs;
  }
  std::optional<Bytes> least;
  for (std::size_t rank = 0; rank < room.size(); ++rank) {
    if (room[rank] == room_[rank]) continue;
    least = least ? std::min(*least, room[rank]) : room[rank];
  }
  if (!least || *least < Bytes(0)) return {};
  return least;
}

void PlacedBlocks::take(const Shape& shape) {
  for (const Shard& shard : shape) {
    const Bytes needs = bytes_of(problem_, shard);
    for (std::size_t rank = 0; rank < room_.size(); ++rank) {
      if (!shard.on(RankId::of(rank))) continue;
      room_[rank] -= needs;
      if (!problem_.companions.apart[shard.table.index()].empty()) {
        held_[rank].push_back(shard.table);
      }
    }
    shards_.push_back(shard);
  }
}

}  // namespace shardwright
