#include "planner/search/packing.hpp"

#include "planner/search/block_cuts.hpp"
#include "planner/search/cuts.hpp"
#include "planner/search/least_memory.hpp"
#include "planner/search/local/even_widths.hpp"
#include "planner/search/placed_blocks.hpp"

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

// Whether the table may be whole or in parts that may each be anywhere.
bool may_be_pieces(const Table& table, const TableRules& rules) {
  return rules.column_wise || (may_keep_rows(table, rules) && fewest_parts(table, rules) == 1);
}

// Depth-first over items, each on one of the ranks, beside what lies there.
class Backtracking {
 public:
  Backtracking(const Problem& problem, const PlacedBlocks& blocks, std::vector<Item> items,
               std::int64_t most_steps, const std::atomic<bool>* stop)
      : problem_(problem),
        items_(std::move(items)),
        held_(blocks.held()),
        steps_left_(most_steps),
        stop_(stop) {
    for (const Bytes bytes : blocks.room()) room_.push_back(bytes.value());
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
      if (stop_ != nullptr && stop_->load(std::memory_order_relaxed)) steps_left_ = 0;
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
  const std::atomic<bool>* stop_;
};

class Packer {
 public:
  Packer(const Problem& problem, const PackingEffort& effort)
      : problem_(problem),
        effort_(effort),
        cuts_(problem, effort.even_rows),
        blocks_(problem, cuts_, effort.widths),
        steps_left_(effort.most_steps) {}

  Packing run() {
    Packing packing;
    if (!place_blocks()) return packing;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      if (parts_[i] > 0 && cut(TableId::of(i), parts_[i]).empty()) return packing;
    }
    const std::int64_t of_try = std::max<std::int64_t>(steps_left_ / kTries, 1);
    for (bool first = true; steps_left_ > 0 && !stopped(); first = false) {
      auto pieces = items();
      const auto to_begin = static_cast<std::int64_t>(pieces.size()) / kPiecesPerStep;
      Backtracking tree(problem_, blocks_, std::move(pieces),
                        first ? std::max(of_try, steps_left_ / 2) : of_try, effort_.stop);
      if (tree.run()) {
        packing.shards = shards(tree);
        return packing;
      }
      packing.impossible = first && !tree.gave_up() && nothing_else();
      if (packing.impossible) return packing;
      steps_left_ -= to_begin + std::max(of_try - tree.steps_left(), of_try / 16 + 1);
      if (!cut_largest()) break;
    }
    return packing;
  }

 private:
  static constexpr std::int64_t kTries = 32;
  static constexpr std::int64_t kPiecesPerStep = 8;  // in the time that a try takes to begin

  bool stopped() const { return effort_.stop != nullptr && *effort_.stop; }

  // Tables that do not keep their rows, largest first; the others get the parts to begin with.
  bool place_blocks() {
    std::vector<std::pair<Bytes, TableId>> blocks;
    for (std::size_t i = 0; i < problem_.rules.size(); ++i) {
      const TableId id = TableId::of(i);
      const Table& table = problem_.workload.tables[i];
      const bool asked =
          std::find(effort_.by_rows.begin(), effort_.by_rows.end(), id) != effort_.by_rows.end();
      const bool keeps_rows = !asked && may_be_pieces(table, problem_.rules[i]);
      if (!keeps_rows) blocks.emplace_back(least_total(problem_, id), id);
      parts_.push_back(keeps_rows ? fewest_parts(table, problem_.rules[i]) : 0);
    }
    std::stable_sort(blocks.begin(), blocks.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    return std::all_of(blocks.begin(), blocks.end(),
                       [&](const auto& block) { return blocks_.place(block.second); });
  }

  // Widths of so many equal parts; empty if the table may not be cut so.
  std::vector<std::int32_t> cut(TableId id, std::int64_t parts) const {
    const TableRules& rules = problem_.rules[id.index()];
    const auto dim = static_cast<std::int32_t>(problem_.workload.table(id).dim);
    if (parts > rules.max_shards || (parts > 1 && !rules.column_wise)) return {};
    auto widths = even_widths(dim, static_cast<std::int32_t>(parts), effort_.widths);
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
      if (!problem_.companions.leads(id) || parts_[i] == 0) continue;
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
      if (parts_[i] == 0) continue;
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
    std::vector<Shard> shards = blocks_.shards();
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
      return std::tuple(a.table, a.row_begin, a.col_begin) <
             std::tuple(b.table, b.row_begin, b.col_begin);
    });
    return shards;
  }

  const Problem& problem_;
  const PackingEffort& effort_;
  BlockCuts cuts_;
  PlacedBlocks blocks_;
  std::int64_t steps_left_;
  std::vector<std::int64_t> parts_;  // per table; 0 of those in blocks
};

}  // namespace

Packing pack_exactly(const Problem& problem, const PackingEffort& effort) {
  return Packer(problem, effort).run();
}

}  // namespace shardwright
