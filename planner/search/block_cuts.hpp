#pragma once

#include "planner/search/problem.hpp"

#include <cstdint>
#include <vector>

namespace shardwright {

/// One way to cut the rows of a table into equal blocks, of which the last may be smaller, each on
/// a rank of its own.
struct BlockCut {
  ShardingType type;        ///< row_wise, or grid: column parts, each over the ranks of a node of
                            ///< its own; table_row_wise is one with a single part
  std::int64_t num_ranks;   ///< that a part is cut over
  std::int64_t block_rows;  ///< of every block but the last
  std::int64_t num_blocks;  ///< of a part: at most num_ranks
  std::int64_t num_parts;   ///< the fewest that the table's widths allow
  std::int64_t num_shards() const { return num_blocks * num_parts; }
};

/// Which shapes search knows for a table beside parts with all rows: row_wise over 2, 4, 8, 16 or
/// all ranks that it may use, table_row_wise and grid over whole nodes. Borrows the problem.
class BlockCuts {
 public:
  /// `even_rows`: blocks may lie on all ranks of the topology alone (RankPricer).
  BlockCuts(const Problem& problem, bool even_rows);

  /// Those that the table's rules allow, memory aside: row_wise, then by the size of the nodes.
  std::vector<BlockCut> of(TableId table) const;
  /// Nodes of so many ranks, all of which the table may use; ranks ascending.
  std::vector<std::vector<RankId>> nodes_for(TableId table, std::int64_t num_ranks) const;
  /// Whether all ranks of any node are the table's to use.
  bool may_use_a_node(TableId table) const;
  /// Whether every rank may hold all of the table.
  bool may_replicate(TableId table) const;
  bool even_rows() const { return even_rows_; }

 private:
  BlockCut cut(TableId table, ShardingType type, std::int64_t num_ranks) const;
  void add_row_wise(TableId table, std::vector<BlockCut>& cuts) const;
  void add_in_nodes(TableId table, std::vector<BlockCut>& cuts) const;
  bool may_use_all(TableId table, const std::vector<RankId>& node) const;

  const Problem& problem_;
  bool even_rows_;
  std::vector<std::vector<RankId>> nodes_;
};

/// Whether the table may lie in parts that have all rows.
bool may_keep_rows(const Table& table, const TableRules& rules);

}  // namespace shardwright
