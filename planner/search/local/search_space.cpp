#include "planner/search/local/search_space.hpp"

#include "planner/search/cuts.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

namespace shardwright {
namespace {

bool cuts_columns(const TableRules& rules) {
  return rules.column_wise || rules.allows(ShardingType::table_column_wise);
}

}  // namespace

SearchSpace::SearchSpace(const Problem& problem, const RankPricer& pricer, Objective objective,
                         ColumnWidths widths)
    : problem_(problem),
      pricer_(pricer),
      objective_(objective),
      widths_(widths),
      num_kinds_(pricer.num_kinds()),
      state_size_(pricer.state_size()),
      row_cuts_(num_tables()),
      replicas_(num_tables()) {
  find_nodes();
  const BlockCuts blocks(problem, pricer.assumes_even_rows());
  for (std::size_t i = 0; i < num_tables(); ++i) {
    const auto table = static_cast<std::int32_t>(i);
    dims_.push_back(static_cast<std::int32_t>(problem.workload.tables[i].dim));
    keeps_rows_.push_back(shardwright::may_keep_rows(problem.workload.tables[i], rules(table)));
    on_one_node_.push_back(cuts_columns(rules(table)) && !rules(table).column_wise);
    find_ranks(table);
    find_shapes(table, blocks);
    only_columns_ = only_columns_ && keeps_rows_.back() && !on_one_node_.back() &&
                    row_cuts_[i].empty() && !replicas_[i];
  }
}

void SearchSpace::find_nodes() {
  std::map<std::int64_t, std::size_t> known;
  for (std::size_t rank = 0; rank < num_ranks(); ++rank) {
    const std::int64_t node = problem_.topology.ranks[rank].node;
    const std::size_t place = known.emplace(node, known.size()).first->second;
    nodes_.resize(known.size());
    nodes_[place].push_back(static_cast<std::int32_t>(rank));
    node_of_.push_back(place);
  }
}

void SearchSpace::find_ranks(std::int32_t table) {
  const auto& ranks = rules(table).ranks;
  if (ranks_.empty()) {
    auto& all = ranks_.emplace_back(num_ranks());
    std::iota(all.begin(), all.end(), 0);
  }
  allowed_.emplace_back();
  ranks_.emplace_back();
  if (ranks.size() == num_ranks()) return;
  allowed_.back().resize(num_ranks());
  for (const RankId rank : ranks) {
    allowed_.back()[rank.index()] = true;
    ranks_.back().push_back(static_cast<std::int32_t>(rank.value()));
  }
}

void SearchSpace::find_shapes(std::int32_t table, const BlockCuts& blocks) {
  first_slice_.push_back(slices_.size());
  const std::int64_t rows = problem_.workload.table(TableId(table)).rows;
  add_slice(table, {ShardingType::column_wise, rows});
  for (const BlockCut& cut : blocks.of(TableId(table))) add_row_cut(table, cut);
  if (blocks.may_replicate(TableId(table))) {
    replicas_[index(table)] = add_slice(table, {ShardingType::data_parallel, rows});
  }
}

void SearchSpace::add_row_cut(std::int32_t table, const BlockCut& cut) {
  const std::int64_t rows = problem_.workload.table(TableId(table)).rows;
  const std::int64_t last = rows - (cut.num_blocks - 1) * cut.block_rows;
  const auto node = std::find_if(nodes_.begin(), nodes_.end(), [&](const auto& ranks_of) {
    return static_cast<std::int64_t>(ranks_of.size()) == cut.num_ranks;
  });
  const std::int32_t rank = cut.type == ShardingType::grid ? node->front() : 0;
  const std::int32_t slice = add_slice(table, {cut.type, cut.block_rows, rank});
  const std::int32_t last_slice =
      last == cut.block_rows ? slice : add_slice(table, {cut.type, last, rank});
  row_cuts_[index(table)].push_back({cut.type, static_cast<std::int32_t>(cut.num_ranks),
                                     static_cast<std::int32_t>(cut.num_blocks), slice, last_slice});
}

std::int32_t SearchSpace::add_slice(std::int32_t table, const Slice& slice) {
  const bool of_any_width =
      slice.type == ShardingType::column_wise || slice.type == ShardingType::grid;
  slices_.push_back({slice, memory_.size(), of_any_width});
  fill_rows(table, slices_.back());
  if (slice.type == ShardingType::row_wise) find_shared_state(table, slices_.back());
  return static_cast<std::int32_t>(slices_.size() - first_slice_[index(table)] - 1);
}

void SearchSpace::fill_rows(std::int32_t table, const SliceRows& slice) {
  const auto place = static_cast<std::int32_t>(&slice - &slices_[first_slice_[index(table)]]);
  constexpr auto kStep = static_cast<std::int32_t>(kWidthStep);
  for (std::int32_t width = slice.of_any_width ? kStep : dim(table); width <= dim(table);
       width += kStep) {
    Shard shard = shard_like({table, width, 0, place});
    if (slice.slice.type == ShardingType::grid) shard.rank = RankId(slice.slice.rank);
    memory_.push_back(bytes_with_followers(problem_, shard).value());
    for (std::size_t kind = 0; kind < num_kinds_; ++kind) {
      states_.resize(states_.size() + state_size_);
      pricer_.encode(shard, kind, std::span(states_).last(state_size_));
      add_followers(TableId(table), kind);
    }
  }
}

void SearchSpace::find_shared_state(std::int32_t table, SliceRows& slice) {
  const auto place = static_cast<std::int32_t>(&slice - &slices_[first_slice_[index(table)]]);
  std::vector<std::int64_t> state(state_size_);
  pricer_.encode_shared(shard_like({table, dim(table), 0, place}), state);
  if (std::count(state.begin(), state.end(), 0) == std::ssize(state)) return;
  slice.first_shared = shared_states_.size();
  shared_states_.insert(shared_states_.end(), state.begin(), state.end());
}

std::span<const std::int64_t> SearchSpace::shared_state(const Piece& piece) const {
  const std::optional<std::size_t> first = slices_[slice_index(piece)].first_shared;
  return first ? std::span(shared_states_).subspan(*first, state_size_)
               : std::span<const std::int64_t>();
}

void SearchSpace::add_followers(TableId table, std::size_t kind) {
  const auto sum = std::span(states_).last(state_size_);
  std::vector<std::int64_t> state(state_size_);
  for (const TableId other : problem_.companions.followers[table.index()]) {
    pricer_.encode(whole_shard(problem_, other), kind, state);
    for (std::size_t k = 0; k < state_size_; ++k) sum[k] += state[k];
  }
}

std::vector<Shard> SearchSpace::shards_like(const Piece& piece) const {
  std::vector<Shard> shards = {shard_like(piece)};
  for (const TableId other : problem_.companions.followers[index(piece.table)]) {
    shards.push_back(whole_shard(problem_, other));
  }
  return shards;
}

Shard SearchSpace::shard_like(const Piece& piece) const {
  const Slice& slice = this->slice(piece);
  ShardingType type = slice.type;
  if (keeps_rows(piece) && piece.width == dim(piece.table)) type = ShardingType::table_wise;
  return {TableId(piece.table), type, 0, slice.rows, 0, piece.width, {}};
}

bool SearchSpace::allows(std::int32_t table, std::int32_t rank) const {
  const auto& allowed = allowed_[index(table)];
  return allowed.empty() || allowed[index(rank)];
}

bool SearchSpace::may_cut_columns(std::int32_t table) const { return cuts_columns(rules(table)); }

bool SearchSpace::allows_node(std::int32_t table, std::size_t node) const {
  return std::all_of(nodes_[node].begin(), nodes_[node].end(),
                     [&](std::int32_t rank) { return allows(table, rank); });
}

bool SearchSpace::has_shards(std::int32_t table, std::int64_t count) const {
  const auto most = problem_.workload.table(TableId(table)).constraints.max_shards;
  return !most || count <= *most;
}

bool SearchSpace::has_widths(std::int32_t table, std::span<const std::int32_t> widths) const {
  const std::int32_t widest = *std::max_element(widths.begin(), widths.end());
  if (widest > rules(table).max_width) return false;
  if (widths.size() == 1) return true;
  const auto narrower =
      std::count_if(widths.begin(), widths.end(), [&](std::int32_t w) { return w < widest; });
  if (widths_ == ColumnWidths::equal && narrower > 1) return false;
  return *std::min_element(widths.begin(), widths.end()) >= rules(table).min_width;
}

bool SearchSpace::may_cut(std::int32_t table, std::span<const std::int32_t> widths) const {
  const auto count = static_cast<std::int64_t>(widths.size());
  if (!may_keep_rows(table) || count > rules(table).max_shards) return false;
  if (count > 1 && !cuts_columns(rules(table))) return false;
  return has_widths(table, widths);
}

bool SearchSpace::may_cut_grid(std::int32_t table, const RowCut& cut,
                               std::span<const std::int32_t> widths) const {
  const auto count = static_cast<std::int64_t>(widths.size());
  const bool named = rules(table).allows(ShardingType::grid) ||
                     (count == 1 && rules(table).allows(ShardingType::table_row_wise));
  return named && has_shards(table, count * cut.num_blocks) && has_widths(table, widths);
}

bool SearchSpace::legal_columns(std::span<const Piece> pieces) const {
  const std::int32_t table = pieces.front().table;
  std::vector<std::int32_t> widths;
  std::set<std::size_t> nodes;
  for (const Piece& piece : pieces) {
    if (!allows(table, piece.rank)) return false;
    widths.push_back(piece.width);
    nodes.insert(node_of(piece.rank));
  }
  return may_cut(table, widths) && (!on_one_node(table) || nodes.size() == 1);
}

// Column parts on different nodes, each with all its rows there; row_wise: one part anywhere.
bool SearchSpace::legal_row_cut(std::span<const Piece> pieces, const RowCut& cut) const {
  const std::int32_t table = pieces.front().table;
  std::map<std::size_t, std::vector<Piece>> parts;
  for (const Piece& piece : pieces) {
    if (piece.slice != cut.slice && piece.slice != cut.last_slice) return false;
    if (!allows(table, piece.rank)) return false;
    parts[cut.type == ShardingType::grid ? node_of(piece.rank) : 0].push_back(piece);
  }
  std::vector<std::int32_t> widths;
  for (const auto& [node, part] : parts) {
    std::set<std::int32_t> ranks;
    std::int64_t rows = 0;
    for (const Piece& piece : part) {
      ranks.insert(piece.rank);
      rows += slice(piece).rows;
      if (piece.width != part.front().width) return false;
    }
    const bool even = ranks.size() == part.size() && part.size() == index(cut.num_blocks);
    if (!even || rows != slice({table, 0, 0, 0}).rows) return false;
    if (cut.type == ShardingType::grid && index(cut.num_ranks) != nodes_[node].size()) return false;
    widths.push_back(part.front().width);
  }
  return cut.type == ShardingType::grid ? may_cut_grid(table, cut, widths)
                                        : widths == std::vector{dim(table)};
}

bool SearchSpace::legal(std::span<const Piece> pieces) const {
  if (pieces.empty()) return false;
  const Piece& first = pieces.front();
  if (first.slice == replicas_[index(first.table)]) {
    return pieces.size() == 1 && first.rank == kEveryRank;
  }
  const bool any_replica = std::any_of(pieces.begin(), pieces.end(),
                                       [](const Piece& piece) { return piece.rank == kEveryRank; });
  if (any_replica) return false;
  if (keeps_rows(first)) {
    return std::all_of(pieces.begin(), pieces.end(),
                       [&](const Piece& piece) { return keeps_rows(piece); }) &&
           legal_columns(pieces);
  }
  const auto& cuts = row_cuts_[index(first.table)];
  return std::any_of(cuts.begin(), cuts.end(),
                     [&](const RowCut& cut) { return legal_row_cut(pieces, cut); });
}

}  // namespace shardwright
