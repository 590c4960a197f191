#include "planner/search/local/layout.hpp"

#include "costmodel/sum_of_shards.hpp"

#include <algorithm>
#include <cmath>

namespace shardwright {
namespace {

// Up to here all ranks are priced anew whenever a kept change concerns them; beyond, on settle().
constexpr std::size_t kFewRanks = 64;

}  // namespace

Layout::Layout(const SearchSpace& space, Memory memory)
    : space_(space),
      memory_(memory),
      num_ranks_(space.num_ranks()),
      state_size_(space.pricer().state_size()),
      coupled_(memory == Memory::hard && space.pricer().reads_other_ranks()),
      on_rank_(num_ranks_),
      of_table_(space.num_tables()),
      states_(num_ranks_ * state_size_),
      world_state_(state_size_),
      busy_(state_size_),
      busy_nodes_(state_size_),
      tree_(num_ranks_),
      last_touched_(num_ranks_),
      node_last_touched_(space.nodes().size()) {
  for (std::size_t rank = 0; rank < num_ranks_; ++rank) {
    node_of_.push_back(space.node_of(static_cast<std::int32_t>(rank)));
    kind_of_.push_back(space.pricer().kind(RankId::of(rank)));
    room_.push_back(space.problem().room[rank].value());
  }
  node_states_.resize(space.nodes().size() * state_size_);
  busy_on_node_.resize(space.nodes().size() * state_size_);
  if (coupled_ && space.shares_states()) sharing_.resize(space.num_tables() * space.nodes().size());
  price_all();
}

void Layout::touch(const Piece& piece) {
  if (piece.rank == kEveryRank) {
    for (std::size_t rank = 0; rank < num_ranks_; ++rank) touch_rank(rank);
    return;
  }
  touch_rank(index(piece.rank));
  // What a node's pieces share all of its ranks send.
  if (sharing_.empty() || space_.shared_state(piece).empty()) return;
  for (const std::int32_t rank : space_.nodes()[node_of_[index(piece.rank)]]) {
    touch_rank(index(rank));
  }
}

void Layout::touch_rank(std::size_t rank) {
  if (last_touched_[rank] == change_number_) return;
  last_touched_[rank] = change_number_;
  touched_.push_back({rank, room_[rank], tree_.at(rank)});
  if (coupled_) touch_node(node_of_[rank]);
}

void Layout::touch_node(std::size_t node) {
  if (node_last_touched_[node] == change_number_) return;
  node_last_touched_[node] = change_number_;
  touched_nodes_.push_back({node, node_states_before_.size()});
  const auto sums = std::span(node_states_).subspan(node * state_size_, state_size_);
  node_states_before_.insert(node_states_before_.end(), sums.begin(), sums.end());
}

void Layout::add_to_sums(std::size_t rank, std::span<const std::int64_t> values,
                         std::int64_t sign) {
  std::int64_t* own = &states_[rank * state_size_];
  if (!coupled_) {
    for (std::size_t k = 0; k < state_size_; ++k) own[k] += sign * values[k];
    return;
  }
  const std::size_t node = node_of_[rank] * state_size_;
  for (std::size_t k = 0; k < state_size_; ++k) {
    const std::int64_t value = sign * values[k];
    const std::int64_t busier = add_and_count(own[k], value);
    busy_on_node_[node + k] += busier;
    busy_[k] += busier;
    busy_nodes_[k] += add_and_count(node_states_[node + k], value);
    world_state_[k] += value;
    busy_changed_ |= busier != 0;
  }
}

// The first that comes brings it, the last that goes takes it away.
void Layout::add_shared(std::size_t node, const Piece& piece, std::int64_t sign) {
  if (sharing_.empty()) return;
  const std::span<const std::int64_t> values = space_.shared_state(piece);
  if (values.empty()) return;
  std::int32_t& sharing = sharing_[index(piece.table) * space_.nodes().size() + node];
  const std::int32_t before = sharing;
  sharing += static_cast<std::int32_t>(sign);
  if ((before > 0) == (sharing > 0)) return;
  for (std::size_t k = 0; k < state_size_; ++k) {
    const std::int64_t value = sign * values[k];
    busy_nodes_[k] += add_and_count(node_states_[node * state_size_ + k], value);
    world_state_[k] += value;
  }
}

void Layout::add(const Piece& piece, std::int64_t sign) {
  if (piece.rank != kEveryRank) return add_on(index(piece.rank), piece, sign);
  for (std::size_t rank = 0; rank < num_ranks_; ++rank) add_on(rank, piece, sign);
}

void Layout::add_on(std::size_t rank, const Piece& piece, std::int64_t sign) {
  const std::int64_t over = std::max<std::int64_t>(-room_[rank], 0);
  room_[rank] -= sign * space_.memory(piece);
  overflow_ += std::max<std::int64_t>(-room_[rank], 0) - over;
  add_to_sums(rank, space_.state(piece, kind_of_[rank]), sign);
  add_shared(node_of_[rank], piece, sign);
}

void Layout::revert() {
  for (const Piece& piece : change_.added) add(piece, -1);
  for (const PieceId id : change_.removed) add(pieces_[index(id)], 1);
}

bool Layout::touched_fit() const {
  return std::all_of(touched_.begin(), touched_.end(), [&](const Touched& touched) {
    return room_[touched.rank] >= std::min<std::int64_t>(touched.room, 0);
  });
}

bool Layout::keeps_apart(std::int32_t table, std::int32_t rank) const {
  const auto& others = space_.apart(table);
  return std::all_of(others.begin(), others.end(), [&](TableId other) {
    const auto& ids = of_table_[other.index()];
    return std::none_of(ids.begin(), ids.end(),
                        [&](PieceId id) { return pieces_[index(id)].rank == rank; });
  });
}

bool Layout::keeps_apart(const Change& change) const {
  const auto goes = [&](PieceId id) {
    return std::find(change.removed.begin(), change.removed.end(), id) != change.removed.end();
  };
  for (const Piece& piece : change.added) {
    for (const TableId other : space_.apart(piece.table)) {
      for (const PieceId id : of_table_[other.index()]) {
        if (pieces_[index(id)].rank == piece.rank && !goes(id)) return false;
      }
      for (const Piece& second : change.added) {
        if (TableId(second.table) == other && second.rank == piece.rank) return false;
      }
    }
  }
  return true;
}

bool Layout::apply(const Change& change) {
  ++evaluations_;
  if (!keeps_apart(change)) return false;
  change_ = change;
  touched_.clear();
  touched_nodes_.clear();
  node_states_before_.clear();
  ++change_number_;
  busy_changed_ = false;
  for (const PieceId id : change.removed) {
    touch(pieces_[index(id)]);
    add(pieces_[index(id)], -1);
  }
  for (const Piece& piece : change.added) {
    touch(piece);
    add(piece, 1);
  }
  if (memory_ == Memory::hard && !touched_fit()) {
    revert();
    return false;
  }
  squares_before_ = squares_;
  for (const Touched& touched : touched_) set_channels(touched.rank, price(touched.rank));
  return true;
}

void Layout::undo() {
  revert();
  for (const Touched& touched : touched_) tree_.set(touched.rank, touched.channels);
  squares_ = squares_before_;
}

// Moves within a node leave all sums of nodes alone, unless a rank becomes empty or stops being so.
bool Layout::concerns_others() const {
  if (!coupled_ || touched_.size() == num_ranks_) return false;
  if (busy_changed_) return true;
  return std::any_of(touched_nodes_.begin(), touched_nodes_.end(), [&](const TouchedNode& touched) {
    const auto now = std::span(node_states_).subspan(touched.node * state_size_, state_size_);
    const auto before = std::span(node_states_before_).subspan(touched.before, state_size_);
    return !std::equal(now.begin(), now.end(), before.begin());
  });
}

void Layout::keep() {
  const bool others = concerns_others();
  for (const PieceId id : change_.removed) erase(id);
  for (const Piece& piece : change_.added) insert(piece);
  if (!others) return;
  behind_ = true;
  if (num_ranks_ <= kFewRanks) settle();
}

void Layout::settle() {
  if (!behind_) return;
  price_all();
  behind_ = false;
}

double Layout::cost() const {
  if (memory_ == Memory::counted) return static_cast<double>(overflow_) / kGibibyte;
  double sum = 0;
  for (const double channel : tree_.most()) sum += channel;
  return sum;
}

double Layout::balance() const {
  if (memory_ == Memory::counted) return 0;
  double sum = 0;
  for (const double squares : squares_) sum += std::sqrt(std::max(squares, 0.0));
  return sum / std::sqrt(static_cast<double>(num_ranks_));
}

PhaseTimes Layout::times(std::int32_t rank) const {
  const auto part = [&](const std::vector<std::int64_t>& values, std::size_t which) {
    return std::span(values).subspan(which * state_size_, state_size_);
  };
  const std::size_t node = node_of_[index(rank)];
  return space_.pricer().price(RankId(rank),
                               {part(states_, index(rank)), part(node_states_, node), world_state_,
                                part(busy_on_node_, node), busy_, busy_nodes_});
}

Channels Layout::price(std::size_t rank) const {
  if (memory_ == Memory::counted) return {static_cast<double>(-room_[rank]) / kGibibyte};
  if (space_.objective() == Objective::memory) {
    const Bytes used = space_.problem().topology.ranks[rank].usable() - Bytes(room_[rank]);
    return {static_cast<double>(used.value()) / kGibibyte};
  }
  const PhaseTimes phases = times(static_cast<std::int32_t>(rank));
  if (space_.objective() == Objective::max_sum) return {phases.total_ms()};
  return {phases.comm_input_ms, phases.compute_forward_ms, phases.comm_forward_ms,
          phases.compute_backward_ms, phases.comm_backward_ms};
}

void Layout::set_channels(std::size_t rank, const Channels& channels) {
  const Channels& before = tree_.at(rank);
  for (std::size_t c = 0; c < kMostChannels; ++c) {
    squares_[c] += channels[c] * channels[c] - before[c] * before[c];
  }
  tree_.set(rank, channels);
}

void Layout::price_all() {
  squares_ = {};
  for (std::size_t rank = 0; rank < num_ranks_; ++rank) {
    const Channels channels = price(rank);
    tree_.set(rank, channels);
    for (std::size_t c = 0; c < kMostChannels; ++c) squares_[c] += channels[c] * channels[c];
  }
}

void Layout::insert(const Piece& piece) {
  if (free_.empty()) {
    free_.push_back(static_cast<PieceId>(pieces_.size()));
    pieces_.emplace_back();
    place_on_rank_.emplace_back();
    place_in_table_.emplace_back();
  }
  const PieceId id = free_.back();
  free_.pop_back();
  pieces_[index(id)] = piece;
  if (piece.rank != kEveryRank) {
    place_on_rank_[index(id)] = on_rank_[index(piece.rank)].size();
    on_rank_[index(piece.rank)].push_back(id);
  }
  place_in_table_[index(id)] = of_table_[index(piece.table)].size();
  of_table_[index(piece.table)].push_back(id);
}

void Layout::erase(PieceId id) {
  const auto take_out = [&](std::vector<PieceId>& list, std::vector<std::size_t>& places) {
    const PieceId last = list.back();
    list[places[index(id)]] = last;
    places[index(last)] = places[index(id)];
    list.pop_back();
  };
  const Piece& piece = pieces_[index(id)];
  if (piece.rank != kEveryRank) take_out(on_rank_[index(piece.rank)], place_on_rank_);
  take_out(of_table_[index(piece.table)], place_in_table_);
  free_.push_back(id);
}

std::vector<Piece> Layout::pieces() const {
  std::vector<Piece> result;
  for (const auto& table : of_table_) {
    for (const PieceId id : table) result.push_back(pieces_[index(id)]);
  }
  return result;
}

void Layout::assign(std::span<const Piece> pieces) {
  for (const auto& table : of_table_) {
    for (const PieceId id : table) add(pieces_[index(id)], -1);
  }
  for (auto& list : on_rank_) list.clear();
  for (auto& list : of_table_) list.clear();
  pieces_.clear();
  free_.clear();
  place_on_rank_.clear();
  place_in_table_.clear();
  for (const Piece& piece : pieces) {
    add(piece, 1);
    insert(piece);
  }
  price_all();
  behind_ = false;
}

}  // namespace shardwright
