#include "runtime/exchange/layout.hpp"

#include "costmodel/exchange_traffic.hpp"

#include <algorithm>
#include <numeric>
#include <optional>
#include <span>
#include <tuple>

namespace shardwright {
namespace {

void add_features(ExchangeLayout& layout, const Workload& workload) {
  for (std::size_t t = 0; t < workload.tables.size(); ++t) {
    const Table& table = workload.tables[t];
    for (const std::string& name : table.features) {
      const bool unpooled = table.mode == PoolingMode::none;
      layout.features.push_back(
          {name, TableId::of(t), table.weighted, layout.pooled_columns, unpooled});
      if (!unpooled) layout.pooled_columns += table.dim;
    }
  }
}

/// Rows between two neighbouring cuts of a table.
struct RowPart {
  std::size_t number = 0;
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

std::vector<std::vector<std::int64_t>> find_row_cuts(const Plan& plan,
                                                     const std::vector<Shard>& shards) {
  std::vector<std::vector<std::int64_t>> cuts(plan.workload.tables.size());
  for (const Shard& shard : shards) {
    std::vector<std::int64_t>& of_table = cuts[shard.table.index()];
    of_table.insert(of_table.end(), {shard.row_begin, shard.row_end});
  }
  for (std::vector<std::int64_t>& of_table : cuts) {
    std::sort(of_table.begin(), of_table.end());
    of_table.erase(std::unique(of_table.begin(), of_table.end()), of_table.end());
  }
  return cuts;
}

void add_block(OwnerLayout& owner, const ExchangeLayout& layout, TableId table,
               const RowPart& part) {
  OwnedBlock& added = owner.blocks.emplace_back();
  added.table = table;
  added.row_begin = part.begin;
  added.row_end = part.end;
  added.is_part = layout.splits_rows(table);
  added.sends_rows = layout.sends_rows(table);
  added.is_summed_in_node = layout.summed_in_nodes[table.index()];
  added.first_piece = owner.pieces.size();
  added.first_feature = owner.features.size();
  const bool in_parts = added.is_part || added.sends_rows;
  for (std::size_t f = 0; f < layout.features.size(); ++f) {
    if (layout.features[f].table != table) continue;
    owner.features.push_back(
        {f, in_parts ? std::optional(part.number) : std::nullopt, added.sends_rows});
    if (added.sends_rows) break;  // one for all of them
  }
  added.num_features = owner.features.size() - added.first_feature;
  if (added.sends_rows) ++owner.unique_features;
}

/// The columns of a piece of pooled features, beside those in `columns`.
void add_runs(ExchangeLayout& layout, const OwnedBlock& block, const Shard& shard,
              std::int64_t& columns) {
  const std::size_t rank = shard.rank.value().index();
  OwnerLayout& owner = layout.owners[rank];
  for (std::size_t k = 0; k < block.num_features; ++k) {
    const OwnedFeature& sent = owner.features[block.first_feature + k];
    const std::int64_t pooled_column = layout.features[sent.feature].pooled_column;
    const ColumnRun run{columns, pooled_column + shard.col_begin, shard.columns(), block.is_part};
    columns += shard.columns();
    if (block.is_summed_in_node) {
      layout.node_runs.push_back({rank, run});
      continue;
    }
    owner.runs.push_back(run);
    if (run.is_part) layout.partial_runs.push_back({rank, run});
  }
}

/// Which columns the next piece of a block goes beside.
std::int64_t& columns_beside(const ExchangeLayout& layout, OwnerLayout& owner, OwnedBlock& block) {
  if (block.sends_rows) return block.row_columns;
  if (block.is_summed_in_node) return owner.part_columns;
  const std::size_t feature = owner.features[block.first_feature].feature;
  return layout.features[feature].unpooled ? block.vector_width : owner.columns;
}

void add_piece(ExchangeLayout& layout, const Shard& shard, std::size_t position,
               const RowPart& part) {
  OwnerLayout& owner = layout.owners[shard.rank.value().index()];
  const bool is_new = owner.blocks.empty() || owner.blocks.back().table != shard.table ||
                      owner.blocks.back().row_begin != part.begin;
  if (is_new) add_block(owner, layout, shard.table, part);
  OwnedBlock& block = owner.blocks.back();
  ++block.num_pieces;
  std::int64_t& columns = columns_beside(layout, owner, block);
  owner.pieces.push_back({position, part.begin - shard.row_begin, columns});
  if (&columns == &owner.columns || block.is_summed_in_node) {
    add_runs(layout, block, shard, columns);
  } else {
    columns += shard.columns();
  }
}

void choose_row_width(OwnerLayout& owner) {
  owner.row_width = owner.columns;
  for (const OwnedBlock& block : owner.blocks) {
    owner.row_width = std::gcd(owner.row_width, block.vector_width);
  }
}

/// A shard on its way into the layout: its position among its owner's shards.
struct PlacedShard {
  Shard shard;
  std::size_t position = 0;
};

/// The shards come ordered by rows, and go ordered by columns.
std::vector<PlacedShard> place_shards(ExchangeLayout& layout, const std::vector<Shard>& shards) {
  std::vector<PlacedShard> placed;
  for (const Shard& shard : shards) {
    std::vector<Shard>& owned = layout.owners[shard.rank.value().index()].shards;
    placed.push_back({shard, owned.size()});
    owned.push_back(shard);
  }
  std::sort(placed.begin(), placed.end(), [](const PlacedShard& a, const PlacedShard& b) {
    return std::tuple(a.shard.table, a.shard.col_begin) <
           std::tuple(b.shard.table, b.shard.col_begin);
  });
  return placed;
}

/// The pieces of one table, by rows, then by columns; its shards come ordered by columns.
void add_pieces(ExchangeLayout& layout, std::span<const PlacedShard> placed) {
  const std::vector<std::int64_t>& cuts = layout.row_cuts[placed.front().shard.table.index()];
  for (std::size_t part = 0; part + 1 < cuts.size(); ++part) {
    for (const PlacedShard& p : placed) {
      const bool inside = p.shard.row_begin <= cuts[part] && p.shard.row_end >= cuts[part + 1];
      if (inside) add_piece(layout, p.shard, p.position, {part, cuts[part], cuts[part + 1]});
    }
  }
}

void add_pieces_of_tables(ExchangeLayout& layout, const std::vector<PlacedShard>& placed) {
  for (auto begin = placed.begin(); begin != placed.end();) {
    const auto end = std::find_if(begin, placed.end(), [&](const PlacedShard& p) {
      return p.shard.table != begin->shard.table;
    });
    add_pieces(layout, std::span(begin, end));
    begin = end;
  }
}

/// By table, rows and columns.
std::vector<Shard> shards_with_owners(const Plan& plan) {
  std::vector<Shard> shards;
  for (const Shard& shard : plan.shards) {
    if (shard.rank) shards.push_back(shard);
  }
  std::sort(shards.begin(), shards.end(), [](const Shard& a, const Shard& b) {
    return std::tuple(a.table, a.row_begin, a.col_begin) <
           std::tuple(b.table, b.row_begin, b.col_begin);
  });
  return shards;
}

void choose_unique_rows(ExchangeLayout& layout, const Plan& plan) {
  layout.unique_rows.resize(plan.workload.tables.size());
  for (const TableId table : plan.unique_rows) layout.unique_rows[table.index()] = true;
}

/// Whole tables, as a rank gets the ids of a table's rows once for all of its shards.
void choose_summed_in_nodes(ExchangeLayout& layout, const Plan& plan, PartialSums sums) {
  layout.summed_in_nodes.resize(plan.workload.tables.size());
  if (sums == PartialSums::at_samples || num_nodes(plan.topology) < 2) return;
  const RowWiseSums row_wise = row_wise_sums(plan.topology);
  for (const Shard& shard : plan.shards) {
    const bool in_nodes = reduces_in_node(plan.workload.table(shard.table), shard, row_wise);
    if (!in_nodes || layout.sends_rows(shard.table)) continue;
    layout.summed_in_nodes[shard.table.index()] = true;
    if (layout.relays.num_nodes() == 0) layout.relays = NodeRelays(plan.topology);
  }
}

}  // namespace

ExchangeLayout make_layout(const Plan& plan, PartialSums sums) {
  ExchangeLayout layout;
  layout.owners.resize(plan.topology.ranks.size());
  add_features(layout, plan.workload);
  choose_unique_rows(layout, plan);
  choose_summed_in_nodes(layout, plan, sums);
  const std::vector<Shard> shards = shards_with_owners(plan);
  layout.row_cuts = find_row_cuts(plan, shards);
  add_pieces_of_tables(layout, place_shards(layout, shards));
  for (OwnerLayout& owner : layout.owners) choose_row_width(owner);
  return layout;
}

}  // namespace shardwright
