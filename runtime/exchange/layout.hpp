#pragma once

#include "costmodel/node_relays.hpp"
#include "planner/plan.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace shardwright {

/// A feature, in the order of the plan's tables, then of each table's features.
struct PooledFeature {
  std::string name;
  TableId table{0};
  bool weighted = false;
  std::int64_t pooled_column = 0;  ///< first of its dim columns in the pooled rows
  bool unpooled = false;           ///< it has none there, but a vector for each id
};

/// The rows [row_begin, row_end) of a shard and their place in the owner's matrix: the table's k-th
/// feature has the columns [column + k·width, column + (k + 1)·width). Of a table without pooling
/// they begin at `column` of each id's vector, of a block that sends rows at `column` of each row
/// (OwnedBlock::row_columns); of one that is summed in nodes the columns are those of its owner's
/// matrix of parts (OwnerLayout::part_columns).
struct OwnedPiece {
  std::size_t shard = 0;       ///< position in OwnerLayout::shards
  std::int64_t first_row = 0;  ///< of the shard's rows
  std::int64_t column = 0;
};

/// Rows of a table between two of its row cuts, of which a rank owns one or more pieces. The pieces
/// and the features stand together in OwnerLayout::pieces and OwnerLayout::features.
struct OwnedBlock {
  TableId table{0};
  std::int64_t row_begin = 0;
  std::int64_t row_end = 0;
  bool is_part = false;  ///< of the rows: other blocks have the rest, so bags come in parts
  std::size_t first_piece = 0;
  std::size_t num_pieces = 0;
  std::size_t first_feature = 0;
  std::size_t num_features = 0;
  std::int64_t vector_width = 0;   ///< of an id's vector, all pieces side by side; 0: pooled
  bool sends_rows = false;         ///< the rows themselves, in no column of the owner's matrix
  std::int64_t row_columns = 0;    ///< then: of its pieces, side by side
  bool is_summed_in_node = false;  ///< ExchangeLayout::summed_in_nodes
  std::int64_t rows() const { return row_end - row_begin; }
};

/// Which ids an owner is sent: those of a feature, or only those between two of its table's row
/// cuts.
struct OwnedFeature {
  std::size_t feature = 0;          ///< position in ExchangeLayout::features
  std::optional<std::size_t> part;  ///< counts the blocks of rows between the table's cuts
  bool is_unique = false;  ///< each id of all features of its table once, as one bag for a batch
};

/// Columns that stand side by side both in an owner's matrix and in the pooled rows.
struct ColumnRun {
  std::int64_t owner_column = 0;
  std::int64_t pooled_column = 0;
  std::int64_t width = 0;
  bool is_part = false;  ///< partial sums of the pooled values, to be added
};

/// What one rank owns. Its matrix, [rows][row_width], holds the values it computes and later their
/// gradients. Each source rank has consecutive rows of it, so that its part is sent and received in
/// place: its samples' pooled values, [samples][columns], and then, block by block and feature by
/// feature, the vectors of its ids of tables without pooling, [ids][vector_width]. A sample is a
/// row, unless there are such tables: then rows are as narrow as all widths allow.
struct OwnerLayout {
  std::vector<Shard> shards;  ///< ordered by (table, row_begin, col_begin)
  std::vector<OwnedBlock> blocks;
  std::vector<OwnedPiece> pieces;
  std::vector<OwnedFeature> features;  ///< whose ids it is sent
  std::vector<ColumnRun> runs;         ///< cover its matrix from left to right
  std::int64_t columns = 0;
  std::int64_t row_width = 0;     ///< divides columns and every vector_width
  std::int64_t part_columns = 0;  ///< for each sample, of the blocks that are summed in nodes: in a
                                  ///< matrix of their own (OwnedParts)
  std::int64_t unique_features = 0;  ///< how many of `features` are
};

/// A run of partial sums and the rank that has it.
struct PartialRun {
  std::size_t owner = 0;
  ColumnRun run;
};

/// Who sends what to whom, the same on every rank. Tables that every rank holds whole
/// (data_parallel) have features, but no owner.
struct ExchangeLayout {
  std::vector<PooledFeature> features;
  std::int64_t pooled_columns = 0;                  ///< sum of dims over features
  std::vector<OwnerLayout> owners;                  ///< one per rank
  std::vector<std::vector<std::int64_t>> row_cuts;  ///< per table: 0, …, rows; empty: no owner
  std::vector<PartialRun> partial_runs;             ///< in the order of the tables' rows: sums are
                                                    ///< added in this order, whoever has them
  std::vector<bool> unique_rows = {};  ///< per table: owners send distinct rows (unique_ids.hpp)
  /// Per table: what its blocks put out for the samples of a rank is added up by the relay of their
  /// node (NodeSums), in no run of the above.
  std::vector<bool> summed_in_nodes = {};
  std::vector<PartialRun> node_runs = {};  ///< of those tables, as partial_runs, but in the owners'
                                           ///< matrices of parts
  NodeRelays relays = {};                  ///< if there are such tables
  bool splits_rows(TableId table) const { return row_cuts[table.index()].size() > 2; }
  bool sends_rows(TableId table) const { return unique_rows[table.index()]; }
};

/// Where partial sums that the prices of plans take to be added up within nodes
/// (reduces_in_node()) are added up.
enum class PartialSums {
  at_samples,  ///< by the rank that has the sample, as all others
  in_nodes,    ///< within each node first; on one node that is the same
};

/// For a plan that require_supported() has accepted.
ExchangeLayout make_layout(const Plan& plan, PartialSums sums = PartialSums::at_samples);

}  // namespace shardwright
