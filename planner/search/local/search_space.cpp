#include "planner/search/local/search_space.hpp"

#include "planner/search/cuts.hpp"

#include <algorithm>

namespace shardwright {

Shard first_columns(const Problem& problem, std::int32_t id, std::int32_t width) {
  const Table& table = problem.workload.table(TableId(id));
  const ShardingType type =
      width == table.dim ? ShardingType::table_wise : ShardingType::column_wise;
  return {TableId(id), type, 0, table.rows, 0, width, {}};
}

SearchSpace::SearchSpace(const Problem& problem, const RankPricer& pricer, Objective objective,
                         ColumnWidths widths)
    : problem_(problem),
      pricer_(pricer),
      objective_(objective),
      widths_(widths),
      num_kinds_(pricer.num_kinds()),
      state_size_(pricer.state_size()) {
  for (const Table& table : problem.workload.tables) {
    first_.push_back(memory_.size());
    dims_.push_back(static_cast<std::int32_t>(table.dim));
    memory_.resize(memory_.size() + index(dims_.back()) / kWidthStep);
  }
  states_.resize(memory_.size() * num_kinds_ * state_size_);
  for (std::size_t i = 0; i < num_tables(); ++i) {
    const auto table = static_cast<std::int32_t>(i);
    for (std::int32_t width = kWidthStep; width <= dims_[i]; width += kWidthStep) {
      const Shard shard = first_columns(problem, table, width);
      memory_[row(table, width)] = bytes_of(problem, shard).value();
      for (std::size_t kind = 0; kind < num_kinds_; ++kind) {
        const auto values = state(table, width, kind);
        const auto offset = static_cast<std::size_t>(values.data() - states_.data());
        pricer.encode(shard, kind, std::span(states_).subspan(offset, state_size_));
      }
    }
    const auto& ranks = problem.rules[i].ranks;
    allowed_.emplace_back();
    if (ranks.size() == num_ranks()) continue;
    allowed_.back().resize(num_ranks());
    for (const RankId rank : ranks) allowed_.back()[rank.index()] = true;
  }
}

bool SearchSpace::allows(std::int32_t table, std::int32_t rank) const {
  const auto& allowed = allowed_[index(table)];
  return allowed.empty() || allowed[index(rank)];
}

bool SearchSpace::may_cut(std::int32_t table, std::span<const std::int32_t> widths) const {
  const TableRules& rules = this->rules(table);
  const auto count = static_cast<std::int64_t>(widths.size());
  if (count > rules.max_shards || (count > 1 && !rules.column_wise)) return false;
  const std::int32_t widest = *std::max_element(widths.begin(), widths.end());
  if (widest > rules.max_width) return false;
  if (count == 1) return true;
  const auto narrower =
      std::count_if(widths.begin(), widths.end(), [&](std::int32_t w) { return w < widest; });
  if (widths_ == ColumnWidths::equal && narrower > 1) return false;
  return *std::min_element(widths.begin(), widths.end()) >= rules.min_width;
}

}  // namespace shardwright
