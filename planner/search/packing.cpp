#include "planner/search/packing.hpp"

#include "planner/search/least_memory.hpp"
#include "planner/search/local/even_widths.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace shardwright {
namespace {

struct Item {
  TableId table;
  std::int64_t width;
  std::int64_t bytes;
};

bool keeps_rows(const TableRules& rules) {
  return rules.table_wise || rules.column_wise || rules.allows(ShardingType::table_column_wise);
}

// Depth-first over items, each on one of the ranks.
class Backtracking {
 public:
  Backtracking(const Problem& problem, std::vector<Item> items, std::int64_t most_steps)
      : problem_(problem), items_(std::move(items)), steps_left_(most_steps) {
    for (const Bytes bytes : problem.room) room_.push_back(bytes.value());
    held_.resize(room_.size());
    for (const TableRules& rules : problem.rules) {
      alike_ = alike_ && rules.ranks.size() == room_.size();
    }
    std::stable_sort(items_.begin(), items_.end(), [](const Item& a, const Item& b) {
      return std::tuple(-a.bytes, a.table) < std::tuple(-b.bytes, b.table);
    });
    left_.resize(items_.size() + 1);
    for (std::size_t i = items_.size(); i > 0; --i) left_[i - 1] = left_[i] + items_[i - 1].bytes;
  }

  bool run() { return place(0); }
  bool gave_up() const { return steps_left_ <= 0; }
  std::int64_t steps_left() const { return steps_left_; }
  const std::vector<Item>& items() const { return items_; }
  RankId rank_of(std::size_t item) const { return ranks_[item]; }

 private:
  bool place(std::size_t i) {
    if (i == items_.size()) return true;
    if (!enough_room(i)) return false;
    for (const RankId rank : candidates(i)) {
      if (--steps_left_ <= 0) return false;
      put(i, rank);
      if (place(i + 1)) return true;
      take_back(i, rank);
    }
    return false;
  }

  // Holes smaller than the smallest item that is left are lost.
  bool enough_room(std::size_t i) const {
    const std::int64_t smallest = items_.back().bytes;
    std::int64_t usable = 0;
    for (const std::int64_t room : room_) usable += room >= smallest ? room : 0;
    return left_[i] <= usable;
  }

  // Ranks with room, the fullest first; of equal parts of a table, each on no earlier rank.
  std::vector<RankId> candidates(std::size_t i) const {
    const Item& item = items_[i];
    const bool twin =
        i > 0 && items_[i - 1].table == item.table && items_[i - 1].bytes == item.bytes;
    std::vector<RankId> ranks;
    for (const RankId rank : problem_.rules[item.table.index()].ranks) {
      if (room_[rank.index()] < item.bytes || (twin && rank < ranks_[i - 1])) continue;
      if (keeps_apart(item.table, rank) && (!alike_ || twin || !has_double(ranks, rank))) {
        ranks.push_back(rank);
      }
    }
    std::stable_sort(ranks.begin(), ranks.end(),
                     [&](RankId a, RankId b) { return room_[a.index()] < room_[b.index()]; });
    return ranks;
  }

  bool has_double(const std::vector<RankId>& ranks, RankId rank) const {
    return std::any_of(ranks.begin(), ranks.end(), [&](RankId other) {
      return room_[other.index()] == room_[rank.index()] &&
             held_[other.index()] == held_[rank.index()];
    });
  }

  bool keeps_apart(TableId table, RankId rank) const {
    const auto& others = problem_.companions.apart[table.index()];
    const auto& held = held_[rank.index()];
    return std::none_of(held.begin(), held.end(), [&](TableId other) {
      return std::binary_search(others.begin(), others.end(), other);
    });
  }

  void put(std::size_t i, RankId rank) {
    ranks_.resize(i, rank);
    ranks_.push_back(rank);
    room_[rank.index()] -= items_[i].bytes;
    if (!problem_.companions.apart[items_[i].table.index()].empty()) {
      held_[rank.index()].push_back(items_[i].table);
    }
  }

  void take_back(std::size_t i, RankId rank) {
    room_[rank.index()] += items_[i].bytes;
    if (!problem_.companions.apart[items_[i].table.index()].empty()) {
      held_[rank.index()].pop_back();
    }
  }

  const Problem& problem_;
  std::vector<Item> items_;
  std::vector<std::int64_t> left_;  // bytes from each item on
  std::vector<std::int64_t> room_;
  std::vector<std::vector<TableId>> held_;  // per rank, of tables that must be apart from others
  std::vector<RankId> ranks_;               // of the items placed
  bool alike_ = true;                       // every table may use every rank
  std::int64_t steps_left_;
};

class Packer {
 public:
  Packer(const Problem& problem, ColumnWidths widths, std::int64_t most_steps)
      : problem_(problem), widths_(widths), steps_left_(most_steps) {}

  Packing run() {
    Packing packing;
    for (std::size_t i = 0; i < problem_.rules.size(); ++i) {
      if (!keeps_rows(problem_.rules[i])) return packing;
      parts_.push_back(fewest_parts(TableId::of(i)));
      if (cut(TableId::of(i), parts_.back()).empty()) return packing;
    }
    const std::int64_t of_try = std::max<std::int64_t>(steps_left_ / kTries, 1);
    for (bool first = true; steps_left_ > 0; first = false) {
      Backtracking tree(problem_, items(), first ? std::max(of_try, steps_left_ / 2) : of_try);
      if (tree.run()) {
        packing.shards = shards(tree);
        return packing;
      }
      packing.impossible = first && !tree.gave_up() && nothing_else();
      if (packing.impossible) return packing;
      steps_left_ -= std::max<std::int64_t>(of_try - tree.steps_left(), of_try / 16 + 1);
      if (!cut_largest()) break;
    }
    return packing;
  }

 private:
  static constexpr std::int64_t kTries = 32;

  std::int64_t fewest_parts(TableId id) const {
    const std::int64_t widest = problem_.rules[id.index()].max_width;
    return (problem_.workload.table(id).dim + widest - 1) / widest;
  }

  // Widths of so many equal parts; empty if the table may not be cut so.
  std::vector<std::int32_t> cut(TableId id, std::int64_t parts) const {
    const TableRules& rules = problem_.rules[id.index()];
    const auto dim = static_cast<std::int32_t>(problem_.workload.table(id).dim);
    if (parts > rules.max_shards || (parts > 1 && !rules.column_wise)) return {};
    auto widths = even_widths(dim, static_cast<std::int32_t>(parts), widths_);
    const auto [least, most] = std::minmax_element(widths.begin(), widths.end());
    if (*most > rules.max_width || (widths.size() > 1 && *least < rules.min_width)) return {};
    return widths;
  }

  std::int64_t bytes(TableId id, std::int64_t width) const {
    Shard shard = whole_shard(problem_, id);
    if (width < shard.col_end) shard.type = ShardingType::column_wise;
    shard.col_end = width;
    return bytes_with_followers(problem_, shard).value();
  }

  std::vector<Item> items() const {
    std::vector<Item> items;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      const TableId id = TableId::of(i);
      if (!problem_.companions.leads(id)) continue;
      for (const std::int32_t width : cut(id, parts_[i])) {
        items.push_back({id, width, bytes(id, width)});
      }
    }
    return items;
  }

  bool nothing_else() const {
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      if (!stays_whole(problem_, TableId::of(i))) return false;
    }
    return true;
  }

  // One more part for the table whose parts are largest; false if none may be cut further.
  bool cut_largest() {
    std::optional<std::size_t> largest;
    std::int64_t most = 0;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      const TableId id = TableId::of(i);
      const auto next = cut(id, parts_[i] + 1);
      if (next.empty() || static_cast<std::int64_t>(next.size()) <= parts_[i]) continue;
      const std::int64_t size = bytes(id, cut(id, parts_[i]).front());
      if (largest && size <= most) continue;
      largest = i;
      most = size;
    }
    if (largest) ++parts_[*largest];
    return largest.has_value();
  }

  std::vector<Shard> shards(const Backtracking& tree) const {
    std::vector<Shard> shards;
    std::vector<std::int64_t> columns(parts_.size());
    for (std::size_t i = 0; i < tree.items().size(); ++i) {
      const Item& item = tree.items()[i];
      Shard shard = whole_shard(problem_, item.table);
      if (item.width < shard.col_end) shard.type = ShardingType::column_wise;
      shard.rank = tree.rank_of(i);
      shard.col_begin = columns[item.table.index()];
      shard.col_end = columns[item.table.index()] += item.width;
      shards.push_back(shard);
      for (const TableId other : problem_.companions.followers[item.table.index()]) {
        shards.push_back(whole_shard(problem_, other));
        shards.back().rank = shard.rank;
      }
    }
    std::sort(shards.begin(), shards.end(), [](const Shard& a, const Shard& b) {
      return std::tuple(a.table, a.col_begin) < std::tuple(b.table, b.col_begin);
    });
    return shards;
  }

  const Problem& problem_;
  ColumnWidths widths_;
  std::int64_t steps_left_;
  std::vector<std::int64_t> parts_;  // per table
};

}  // namespace

Packing pack_exactly(const Problem& problem, ColumnWidths widths, std::int64_t most_steps) {
  return Packer(problem, widths, most_steps).run();
}

}  // namespace shardwright
