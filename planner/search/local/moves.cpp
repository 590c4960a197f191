#include "planner/search/local/moves.hpp"

#include "planner/search/cuts.hpp"
#include "planner/search/local/even_widths.hpp"
#include "planner/search/local/reshape.hpp"

#include <algorithm>

namespace shardwright {
namespace {

constexpr std::int32_t kStep = kWidthStep;
constexpr std::size_t kBetweenReshapes = 16;  // steps, on average

class Drawing {
 public:
  Drawing(const Layout& layout, RandomStream& random, Change& change)
      : layout_(layout), space_(layout.space()), random_(random), change_(change) {}

  bool run() {
    channel_ = draw_channel();
    if (!space_.only_columns() && random_.below(kBetweenReshapes) == 0) {
      const auto table = static_cast<std::int32_t>(random_.below(space_.num_tables()));
      return space_.leads(table) && reshape(table);
    }
    const auto ids = layout_.on_rank(draw_source());
    if (ids.empty()) return false;
    id_ = ids[random_.below(ids.size())];
    piece_ = layout_.piece(id_);
    if (!space_.keeps_rows(piece_)) return random_.below(4) == 0 && reshape(piece_.table);
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

  std::int32_t draw_source() {
    if (random_.below(10) < 6) return layout_.leader(channel_);
    return static_cast<std::int32_t>(random_.below(space_.num_ranks()));
  }

  // The least loaded of a few ranks that a part of the table may use, beside `others` of its parts.
  std::int32_t draw_target(const Piece& piece, std::size_t others) {
    const auto ranks = space_.ranks(piece.table);
    if (others == 0 || !space_.on_one_node(piece.table)) {
      return draw_rank(layout_, channel_, ranks, random_);
    }
    std::vector<std::int32_t> near(ranks.begin(), ranks.end());
    std::erase_if(near, [&](std::int32_t rank) { return !same_node(rank, piece.rank); });
    return draw_rank(layout_, channel_, near, random_);
  }

  bool same_node(std::int32_t a, std::int32_t b) const {
    return space_.node_of(a) == space_.node_of(b);
  }

  std::size_t siblings(const Piece& piece) const {
    return layout_.of_table(piece.table).size() - 1;
  }

  bool may_move(const Piece& piece, std::int32_t to) const {
    return space_.keeps_rows(piece) && space_.allows(piece.table, to) &&
           (siblings(piece) == 0 || !space_.on_one_node(piece.table) || same_node(piece.rank, to));
  }

  bool reshape(std::int32_t table) {
    return draw_reshape(layout_, channel_, table, random_, change_);
  }

  bool move() {
    const std::int32_t target = draw_target(piece_, siblings(piece_));
    if (target == piece_.rank) return false;
    replace(id_, {{piece_.table, piece_.width, target}});
    return true;
  }

  bool swap() {
    const std::int32_t target = draw_target(piece_, siblings(piece_));
    const auto others = layout_.on_rank(target);
    if (target == piece_.rank || others.empty()) return false;
    const PieceId other_id = others[random_.below(others.size())];
    const Piece other = layout_.piece(other_id);
    if (!may_move(other, piece_.rank)) return false;
    replace(id_, {{piece_.table, piece_.width, target}});
    replace(other_id, {{other.table, other.width, piece_.rank}});
    return true;
  }

  bool split() {
    const std::int32_t steps = piece_.width / kStep;
    if (steps < 2) return false;
    const std::int32_t width = draw_width(steps - 1);
    const std::int32_t target = draw_target(piece_, siblings(piece_) + 1);
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
    if (space_.on_one_node(piece_.table)) return reshape(piece_.table);
    const auto ids = layout_.of_table(piece_.table);
    const auto now = static_cast<std::int32_t>(ids.size());
    const std::int32_t parts = std::max(1, now - 1 + static_cast<std::int32_t>(random_.below(4)));
    const auto widths = even_widths(space_.dim(piece_.table), parts, space_.widths());
    for (const PieceId id : ids) change_.removed.push_back(id);
    for (std::size_t i = 0; i < widths.size(); ++i) {
      const bool stays = i < ids.size() && random_.below(4) != 0;
      const std::int32_t rank =
          stays ? layout_.piece(ids[i]).rank : draw_target(piece_, siblings(piece_));
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

}  // namespace shardwright
