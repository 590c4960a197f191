#pragma once

#include "costmodel/rank_pricer.hpp"
#include "planner/search/block_cuts.hpp"
#include "planner/search/local/piece.hpp"
#include "planner/search/problem.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace shardwright {

/// Bytes in the unit of costs where the objective is memory.
inline constexpr double kGibibyte = 0x1p30;

enum class ColumnWidths {
  any,    ///< parts of a table may differ, in steps of 4
  equal,  ///< parts of a table are equally wide, but the last may be narrower
};

/// How many rows a piece holds and what for.
struct Slice {
  ShardingType type;  ///< column_wise: all rows, whatever its name; row_wise; data_parallel; grid:
                      ///< part of the rows on each rank of a node, table_row_wise included
  std::int64_t rows;
  std::int32_t rank = 0;  ///< one that might hold it; of equals any will do
};

/// One way to cut the rows of a table into equal blocks, of which the last may be smaller.
struct RowCut {
  ShardingType type;        ///< row_wise or grid
  std::int32_t num_ranks;   ///< it is for; of a whole node in the case of grid
  std::int32_t num_blocks;  ///< at most as many: one on each rank
  std::int32_t slice;       ///< of every block but the last
  std::int32_t last_slice;
};

/// What all workers of one search share and none changes: the problem, and what every piece of
/// every legal shape adds to a rank's state and memory. Borrows its arguments.
class SearchSpace {
 public:
  SearchSpace(const Problem& problem, const RankPricer& pricer, Objective objective,
              ColumnWidths widths);

  const Problem& problem() const { return problem_; }
  const RankPricer& pricer() const { return pricer_; }
  Objective objective() const { return objective_; }
  ColumnWidths widths() const { return widths_; }
  std::size_t num_tables() const { return problem_.rules.size(); }
  std::size_t num_ranks() const { return problem_.room.size(); }
  std::int32_t dim(std::int32_t table) const { return dims_[index(table)]; }
  const TableRules& rules(std::int32_t table) const { return problem_.rules[index(table)]; }
  bool allows(std::int32_t table, std::int32_t rank) const;
  /// The ranks that the table may use, ascending.
  std::span<const std::int32_t> ranks(std::int32_t table) const {
    return ranks_[allowed_[index(table)].empty() ? 0 : index(table) + 1];
  }

  /// The table stands for itself and those that go where it goes; other tables have no pieces.
  bool leads(std::int32_t table) const { return problem_.companions.leads(TableId(table)); }
  /// Tables whose ranks it must avoid.
  const std::vector<TableId>& apart(std::int32_t table) const {
    return problem_.companions.apart[index(table)];
  }
  /// The shard that a piece stands for, as shard_like, and those of the tables that go with it.
  std::vector<Shard> shards_like(const Piece& piece) const;

  /// The ranks of each node, ascending; nodes are counted from 0.
  const std::vector<std::vector<std::int32_t>>& nodes() const { return nodes_; }
  std::size_t node_of(std::int32_t rank) const { return node_of_[index(rank)]; }
  bool allows_node(std::int32_t table, std::size_t node) const;

  /// What a piece adds to a rank of `kind`; its rank is not read.
  std::span<const std::int64_t> state(const Piece& piece, std::size_t kind) const {
    return {states_.data() + (row(piece) * num_kinds_ + kind) * state_size_, state_size_};
  }
  std::span<const std::int64_t> state(std::int32_t table, std::int32_t width,
                                      std::size_t kind) const {
    return state(Piece{table, width}, kind);
  }
  /// What the blocks of one table that are on one node add together, whichever of them `piece` is
  /// (RankPricer::encode_shared()); empty where that is nothing.
  std::span<const std::int64_t> shared_state(const Piece& piece) const;
  /// Whether there is any.
  bool shares_states() const { return !shared_states_.empty(); }
  std::int64_t memory(const Piece& piece) const { return memory_[row(piece)]; }
  std::int64_t memory(std::int32_t table, std::int32_t width) const {
    return memory(Piece{table, width});
  }
  const Slice& slice(const Piece& piece) const { return slices_[slice_index(piece)].slice; }
  bool keeps_rows(const Piece& piece) const { return piece.slice == 0; }
  /// A shard as large as the piece, at the table's first row and column.
  Shard shard_like(const Piece& piece) const;

  /// What a table may be: in parts with all rows, of which may_cut() says which, cut by rows in one
  /// of these ways (none: it may not be), or on every rank as a piece of this slice.
  bool may_keep_rows(std::int32_t table) const { return keeps_rows_[index(table)]; }
  bool may_cut_columns(std::int32_t table) const;
  std::span<const RowCut> row_cuts(std::int32_t table) const { return row_cuts_[index(table)]; }
  std::optional<std::int32_t> replica_slice(std::int32_t table) const {
    return replicas_[index(table)];
  }
  /// Whether any table may be something else than parts with all rows, on any ranks.
  bool only_columns() const { return only_columns_; }

  /// Whether the parts of the table must share a node.
  bool on_one_node(std::int32_t table) const { return on_one_node_[index(table)]; }
  /// Whether a table may be cut into pieces of these widths, which must add up to its dim.
  bool may_cut(std::int32_t table, std::span<const std::int32_t> widths) const;
  /// The same for the column parts of a row cut of type grid.
  bool may_cut_grid(std::int32_t table, const RowCut& cut,
                    std::span<const std::int32_t> widths) const;
  /// Whether these are all pieces of one table and meet its rules, memory aside.
  bool legal(std::span<const Piece> pieces) const;

 private:
  struct SliceRows {
    Slice slice;
    std::size_t first_row;                         // in the lists below
    bool of_any_width;                             // or only of the table's
    std::optional<std::size_t> first_shared = {};  // in shared_states_
  };

  static std::size_t index(std::int32_t value) { return static_cast<std::size_t>(value); }
  std::size_t slice_index(const Piece& piece) const {
    return first_slice_[index(piece.table)] + index(piece.slice);
  }
  std::size_t row(const Piece& piece) const {
    const SliceRows& slice = slices_[slice_index(piece)];
    return slice.first_row + (slice.of_any_width ? index(piece.width / 4) - 1 : 0);
  }

  void find_nodes();
  void find_ranks(std::int32_t table);
  void find_shapes(std::int32_t table, const BlockCuts& blocks);
  void add_row_cut(std::int32_t table, const BlockCut& cut);
  std::int32_t add_slice(std::int32_t table, const Slice& slice);
  void fill_rows(std::int32_t table, const SliceRows& slice);
  void find_shared_state(std::int32_t table, SliceRows& slice);
  void add_followers(TableId table, std::size_t kind);
  bool has_widths(std::int32_t table, std::span<const std::int32_t> widths) const;
  bool has_shards(std::int32_t table, std::int64_t count) const;
  bool legal_columns(std::span<const Piece> pieces) const;
  bool legal_row_cut(std::span<const Piece> pieces, const RowCut& cut) const;

  const Problem& problem_;
  const RankPricer& pricer_;
  Objective objective_;
  ColumnWidths widths_;
  std::size_t num_kinds_;
  std::size_t state_size_;
  std::vector<std::vector<std::int32_t>> nodes_;
  std::vector<std::size_t> node_of_;
  // Per table.
  std::vector<std::int32_t> dims_;
  std::vector<std::vector<bool>> allowed_;        // by rank; empty: all
  std::vector<std::vector<std::int32_t>> ranks_;  // all; then of each table that may not use all
  std::vector<bool> keeps_rows_;
  std::vector<bool> on_one_node_;
  std::vector<std::vector<RowCut>> row_cuts_;
  std::vector<std::optional<std::int32_t>> replicas_;
  std::vector<std::size_t> first_slice_;
  // Of all tables.
  std::vector<SliceRows> slices_;
  std::vector<std::int64_t> states_;  // per row and kind
  std::vector<std::int64_t> memory_;  // per row
  std::vector<std::int64_t> shared_states_;
  bool only_columns_ = true;
};

}  // namespace shardwright
