#include "planner/search/local/reshape.hpp"

#include "planner/search/local/even_widths.hpp"
#include "planner/search/local/row_blocks.hpp"

#include <algorithm>

namespace shardwright {
namespace {

constexpr std::size_t kMostMoreParts = 4;

class Reshape {
 public:
  Reshape(const Layout& layout, std::size_t channel, std::int32_t table, RandomStream& random,
          std::vector<Piece>& pieces)
      : layout_(layout),
        space_(layout.space()),
        channel_(channel),
        table_(table),
        random_(random),
        pieces_(pieces) {}

  bool run() {
    const auto cuts = space_.row_cuts(table_);
    const std::size_t whole = space_.may_keep_rows(table_) ? 1 : 0;
    const std::size_t replicas = space_.replica_slice(table_) ? 1 : 0;
    if (whole + cuts.size() + replicas == 0) return false;
    const std::size_t kind = random_.below(whole + cuts.size() + replicas);
    if (kind < whole) return columns();
    if (kind - whole == cuts.size()) return replica();
    const RowCut& cut = cuts[kind - whole];
    return cut.type == ShardingType::row_wise ? rows(cut) : grid(cut);
  }

 private:
  std::vector<std::int32_t> draw_widths() {
    const auto widest = static_cast<std::int32_t>(space_.rules(table_).max_width);
    const std::int32_t least = (space_.dim(table_) + widest - 1) / widest;
    const bool more = random_.below(2) == 0;
    const std::size_t parts =
        static_cast<std::size_t>(least) + (more ? random_.below(kMostMoreParts) : 0);
    return even_widths(space_.dim(table_), static_cast<std::int32_t>(parts), space_.widths());
  }

  std::vector<std::int32_t> all_ranks() const {
    const auto ranks = space_.ranks(table_);
    return {ranks.begin(), ranks.end()};
  }

  bool columns() {
    const auto widths = draw_widths();
    if (!space_.may_cut(table_, widths)) return false;
    auto ranks = all_ranks();
    if (space_.on_one_node(table_)) {
      const std::size_t node = space_.node_of(ranks[random_.below(ranks.size())]);
      std::erase_if(ranks, [&](std::int32_t rank) { return space_.node_of(rank) != node; });
    }
    for (const std::int32_t width : widths) {
      pieces_.push_back({table_, width, draw_rank(layout_, channel_, ranks, random_)});
    }
    return true;
  }

  bool replica() {
    pieces_.push_back({table_, space_.dim(table_), kEveryRank, *space_.replica_slice(table_)});
    return true;
  }

  bool rows(const RowCut& cut) {
    auto ranks = all_ranks();
    const auto count = static_cast<std::size_t>(cut.num_ranks);
    const bool near = space_.shares_states() && random_.below(2) == 0;
    if (near) ranks = ranks_of_few_nodes(std::move(ranks), count);
    if (ranks.size() > 2 * count) keep_some(ranks, count);
    while (ranks.size() > count) {
      ranks.erase(ranks.begin() + static_cast<std::ptrdiff_t>(random_.below(ranks.size())));
    }
    add_row_blocks(table_, cut, space_.dim(table_), ranks, pieces_);
    return true;
  }

  // All of these ranks that are on the nodes drawn, ascending: on no more nodes than `count` needs.
  std::vector<std::int32_t> ranks_of_few_nodes(std::vector<std::int32_t> others,
                                               std::size_t count) {
    std::vector<std::int32_t> near;
    while (near.size() < count) {
      const std::size_t node = space_.node_of(draw_rank(layout_, channel_, others, random_));
      const auto elsewhere = [&](std::int32_t rank) { return space_.node_of(rank) != node; };
      const auto found = std::stable_partition(others.begin(), others.end(), elsewhere);
      near.insert(near.end(), found, others.end());
      others.erase(found, others.end());
    }
    std::sort(near.begin(), near.end());
    return near;
  }

  // `count` of many ranks, ascending.
  void keep_some(std::vector<std::int32_t>& ranks, std::size_t count) {
    std::vector<std::int32_t> kept;
    while (kept.size() < count) {
      const std::int32_t rank = draw_rank(layout_, channel_, ranks, random_);
      const auto place = std::lower_bound(kept.begin(), kept.end(), rank);
      if (place == kept.end() || *place != rank) kept.insert(place, rank);
    }
    ranks = std::move(kept);
  }

  bool grid(const RowCut& cut) {
    auto nodes = nodes_for(space_, table_, cut);
    const auto widths = draw_widths();
    if (widths.size() > nodes.size() || !space_.may_cut_grid(table_, cut, widths)) return false;
    for (const std::int32_t width : widths) {
      const std::size_t drawn = random_.below(nodes.size());
      add_row_blocks(table_, cut, width, space_.nodes()[nodes[drawn]], pieces_);
      nodes.erase(nodes.begin() + static_cast<std::ptrdiff_t>(drawn));
    }
    return true;
  }

  const Layout& layout_;
  const SearchSpace& space_;
  std::size_t channel_;
  std::int32_t table_;
  RandomStream& random_;
  std::vector<Piece>& pieces_;
};

}  // namespace

std::int32_t draw_rank(const Layout& layout, std::size_t channel,
                       std::span<const std::int32_t> ranks, RandomStream& random) {
  std::int32_t best = ranks[random.below(ranks.size())];
  for (std::size_t more = random.below(4); more > 0; --more) {
    const std::int32_t other = ranks[random.below(ranks.size())];
    if (layout.channels(other)[channel] < layout.channels(best)[channel]) best = other;
  }
  return best;
}

bool draw_reshape(const Layout& layout, std::size_t channel, std::int32_t table,
                  RandomStream& random, Change& change) {
  const auto ids = layout.of_table(table);
  change.removed.insert(change.removed.end(), ids.begin(), ids.end());
  return Reshape(layout, channel, table, random, change.added).run();
}

}  // namespace shardwright
