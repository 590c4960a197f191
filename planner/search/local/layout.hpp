#pragma once

#include "planner/search/local/max_tree.hpp"
#include "planner/search/local/search_space.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace shardwright {

/// Pieces on ranks with their price, kept up to date while pieces come and go. A change is first
/// applied, which prices the ranks it touches, and then kept or undone; states are integer sums, so
/// that undoing leaves no trace. Where the cost model couples ranks, the others are priced when a
/// change that concerns them is kept: the cost of a change that is only applied neglects that.
class Layout {
 public:
  enum class Memory {
    hard,     ///< changes that overfill a rank are refused
    counted,  ///< it refuses no change; cost() is what lies over the ranks' memory, GiB, and a
              ///< rank's first channel what lies over its own, negative if it has room
  };

  explicit Layout(const SearchSpace& space, Memory memory = Memory::hard);

  /// Applies `change`, if the ranks it adds to have room for it and hold no table that must be
  /// apart from one of its; else nothing has happened. Between two applied changes comes keep() or
  /// undo().
  bool apply(const Change& change);
  void keep();
  void undo();

  /// Prices every rank anew if kept changes have left some behind.
  void settle();

  /// The objective: ms, or GiB of the fullest rank.
  double cost() const;
  /// Root mean square over ranks, summed over channels: tells layouts of one cost apart by how well
  /// the rest is spread. At most cost() in the case of step and max_sum.
  double balance() const;

  const SearchSpace& space() const { return space_; }
  const Piece& piece(PieceId id) const { return pieces_[index(id)]; }
  std::span<const PieceId> on_rank(std::int32_t rank) const { return on_rank_[index(rank)]; }
  std::span<const PieceId> of_table(std::int32_t table) const { return of_table_[index(table)]; }
  const Channels& most() const { return tree_.most(); }
  const Channels& channels(std::int32_t rank) const { return tree_.at(index(rank)); }
  std::int32_t leader(std::size_t channel) const {
    return static_cast<std::int32_t>(tree_.leader(channel));
  }
  std::int64_t room_left(std::int32_t rank) const { return room_[index(rank)]; }
  /// Number of apply() calls so far.
  std::int64_t evaluations() const { return evaluations_; }
  /// Ranks whose prices the last apply() had to look at.
  std::size_t num_touched() const { return touched_.size(); }
  PhaseTimes times(std::int32_t rank) const;

  /// Whether no table is on the rank that must be apart from this one.
  bool keeps_apart(std::int32_t table, std::int32_t rank) const;

  /// All pieces, in the order of tables.
  std::vector<Piece> pieces() const;
  /// Replaces all pieces. With hard memory they must fit.
  void assign(std::span<const Piece> pieces);

 private:
  struct Touched {
    std::size_t rank;
    std::int64_t room;
    Channels channels;
  };
  struct TouchedNode {
    std::size_t node;
    std::size_t before;  // where its sums begin in node_states_before_
  };

  template <class T>
  static std::size_t index(T value) {
    return static_cast<std::size_t>(value);
  }
  void touch(const Piece& piece);
  void touch_rank(std::size_t rank);
  void touch_node(std::size_t node);
  void add(const Piece& piece, std::int64_t sign);
  void add_on(std::size_t rank, const Piece& piece, std::int64_t sign);
  void add_to_sums(std::size_t rank, std::span<const std::int64_t> values, std::int64_t sign);
  void add_shared(std::size_t node, const Piece& piece, std::int64_t sign);
  void revert();
  bool touched_fit() const;
  bool keeps_apart(const Change& change) const;
  bool concerns_others() const;
  Channels price(std::size_t rank) const;
  void set_channels(std::size_t rank, const Channels& channels);
  void price_all();
  void insert(const Piece& piece);
  void erase(PieceId id);

  const SearchSpace& space_;
  Memory memory_;
  std::size_t num_ranks_;
  std::size_t state_size_;
  bool coupled_;
  std::vector<std::size_t> node_of_;  // per rank, counted from 0
  std::vector<std::size_t> kind_of_;

  std::vector<Piece> pieces_;
  std::vector<PieceId> free_;
  std::vector<std::vector<PieceId>> on_rank_;  // without those on every rank
  std::vector<std::vector<PieceId>> of_table_;
  std::vector<std::size_t> place_on_rank_;  // per piece
  std::vector<std::size_t> place_in_table_;

  std::vector<std::int64_t> states_;  // per rank
  std::vector<std::int64_t> node_states_;
  std::vector<std::int64_t> world_state_;
  std::vector<std::int64_t> busy_on_node_;
  std::vector<std::int64_t> busy_;
  std::vector<std::int64_t> busy_nodes_;
  std::vector<std::int32_t> sharing_;  // per table and node, pieces that share a state; or empty
  std::vector<std::int64_t> room_;     // per rank, left
  std::int64_t overflow_ = 0;          // bytes over the ranks' memory, all ranks
  MaxTree tree_;
  Channels squares_{};

  // The change that is applied and not yet kept.
  Change change_;
  std::vector<Touched> touched_;
  std::vector<TouchedNode> touched_nodes_;
  std::vector<std::int64_t> node_states_before_;
  std::int64_t change_number_ = 0;
  std::vector<std::int64_t> last_touched_;  // per rank, the number of the change
  std::vector<std::int64_t> node_last_touched_;
  Channels squares_before_{};
  bool busy_changed_ = false;
  bool behind_ = false;  // some ranks' channels are out of date
  std::int64_t evaluations_ = 0;
};

}  // namespace shardwright
