#include "planner/search/local/moves.hpp"

#include "planner/search/cuts.hpp"

#include <algorithm>

namespace shardwright {
namespace {

constexpr std::int32_t kStep = kWidthStep;

class Drawing {
 public:
  Drawing(const Layout& layout, RandomStream& random, Change& change)
      : layout_(layout), space_(layout.space()), random_(random), change_(change) {}

  bool run() {
    channel_ = draw_channel();
    const std::int32_t rank = draw_rank();
    const auto ids = layout_.on_rank(rank);
    if (ids.empty()) return false;
    id_ = ids[random_.below(ids.size())];
    piece_ = layout_.piece(id_);
    const bool any = space_.widths() == ColumnWidths::any;
    const bool alone = layout_.of_table(piece_.table).size() == 1;
    const std::size_t roll = random_.below(100);
    if (roll < 30) return move();
    if (roll < 60) return swap();
    if (roll < 65 || !any) return recut();
    if (alone || roll < 75) return split();
    return roll < 82 ? merge() : shift();
  }

 private:
  std::size_t draw_channel() {
    const Channels& most = layout_.most();
    double sum = 0;
    for (const double value : most) sum += value;
    double left = random_.uniform() * sum;
    std::size_t channel = 0;
    while (channel + 1 < kMostChannels && left >= most[channel]) left -= most[channel++];
    return channel;
  }

  std::int32_t draw_rank() {
    if (random_.below(10) < 6) return layout_.leader(channel_);
    return static_cast<std::int32_t>(random_.below(space_.num_ranks()));
  }

  // The least loaded of a few ranks that the table may use.
  std::int32_t draw_target(std::int32_t table) {
    const auto& ranks = space_.rules(table).ranks;
    std::int32_t best = draw_one(ranks);
    for (std::size_t more = random_.below(4); more > 0; --more) {
      const std::int32_t other = draw_one(ranks);
      if (layout_.channels(other)[channel_] < layout_.channels(best)[channel_]) best = other;
    }
    return best;
  }

  std::int32_t draw_one(const std::vector<RankId>& ranks) {
    return static_cast<std::int32_t>(ranks[random_.below(ranks.size())].value());
  }

  bool move() {
    const std::int32_t target = draw_target(piece_.table);
    if (target == piece_.rank) return false;
    replace(id_, {{piece_.table, piece_.width, target}});
    return true;
  }

  bool swap() {
    const std::int32_t target = draw_target(piece_.table);
    const auto others = layout_.on_rank(target);
    if (target == piece_.rank || others.empty()) return false;
    const PieceId other_id = others[random_.below(others.size())];
    const Piece other = layout_.piece(other_id);
    if (!space_.allows(other.table, piece_.rank)) return false;
    replace(id_, {{piece_.table, piece_.width, target}});
    replace(other_id, {{other.table, other.width, piece_.rank}});
    return true;
  }

  bool split() {
    const std::int32_t steps = piece_.width / kStep;
    if (steps < 2) return false;
    const std::int32_t width = draw_width(steps - 1);
    const std::int32_t target = draw_target(piece_.table);
    if (target == piece_.rank) return false;
    replace(id_,
            {{piece_.table, piece_.width - width, piece_.rank}, {piece_.table, width, target}});
    return may_cut();
  }

  bool merge() {
    const PieceId other_id = draw_sibling();
    const Piece other = layout_.piece(other_id);
    const std::int32_t rank = random_.below(4) == 0 ? piece_.rank : other.rank;
    replace(id_, {});
    replace(other_id, {{piece_.table, piece_.width + other.width, rank}});
    return may_cut();
  }

  bool shift() {
    const PieceId other_id = draw_sibling();
    const Piece other = layout_.piece(other_id);
    const std::int32_t width = draw_width(piece_.width / kStep);
    replace(id_, {});
    if (width < piece_.width) {
      change_.added.push_back({piece_.table, piece_.width - width, piece_.rank});
    }
    replace(other_id, {{other.table, other.width + width, other.rank}});
    return may_cut();
  }

  bool recut() {
    const auto ids = layout_.of_table(piece_.table);
    const auto now = static_cast<std::int32_t>(ids.size());
    const std::int32_t parts = std::max(1, now - 1 + static_cast<std::int32_t>(random_.below(4)));
    const auto widths = even_widths(space_.dim(piece_.table), parts, space_.widths());
    for (const PieceId id : ids) change_.removed.push_back(id);
    for (std::size_t i = 0; i < widths.size(); ++i) {
      const bool stays = i < ids.size() && random_.below(4) != 0;
      const std::int32_t rank = stays ? layout_.piece(ids[i]).rank : draw_target(piece_.table);
      change_.added.push_back({piece_.table, widths[i], rank});
    }
    return space_.may_cut(piece_.table, widths);
  }

  PieceId draw_sibling() {
    const auto ids = layout_.of_table(piece_.table);
    const PieceId drawn = ids[random_.below(ids.size() - 1)];
    return drawn == id_ ? ids.back() : drawn;
  }

  // Half of the time one of the three narrowest, so that loads can be evened out finely.
  std::int32_t draw_width(std::int32_t most_steps) {
    const auto most = static_cast<std::size_t>(most_steps);
    const std::size_t range = random_.below(2) == 0 ? most : std::min<std::size_t>(most, 3);
    return kStep * static_cast<std::int32_t>(1 + random_.below(range));
  }

  void replace(PieceId id, std::initializer_list<Piece> by) {
    change_.removed.push_back(id);
    change_.added.insert(change_.added.end(), by);
  }

  // All widths of the table after the change.
  bool may_cut() {
    thread_local std::vector<std::int32_t> widths;
    widths.clear();
    for (const PieceId id : layout_.of_table(piece_.table)) {
      const bool gone =
          std::find(change_.removed.begin(), change_.removed.end(), id) != change_.removed.end();
      if (!gone) widths.push_back(layout_.piece(id).width);
    }
    for (const Piece& piece : change_.added) widths.push_back(piece.width);
    return space_.may_cut(piece_.table, widths);
  }

  const Layout& layout_;
  const SearchSpace& space_;
  RandomStream& random_;
  Change& change_;
  std::size_t channel_ = 0;
  PieceId id_ = 0;
  Piece piece_;
};

}  // namespace

bool draw_change(const Layout& layout, RandomStream& random, Change& change) {
  change.clear();
  return Drawing(layout, random, change).run();
}

std::vector<std::int32_t> even_widths(std::int32_t dim, std::int32_t parts, ColumnWidths widths) {
  std::vector<std::int32_t> result;
  const std::int32_t widest = kStep * ((dim / kStep + parts - 1) / parts);
  for (std::int32_t left = dim; left > 0; --parts) {
    const std::int32_t even = kStep * ((left / kStep + parts - 1) / std::max(parts, 1));
    const std::int32_t width = widths == ColumnWidths::equal ? std::min(widest, left) : even;
    result.push_back(width);
    left -= width;
  }
  return result;
}

}  // namespace shardwright
