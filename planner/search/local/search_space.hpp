#pragma once

#include "costmodel/rank_pricer.hpp"
#include "planner/search/local/piece.hpp"
#include "planner/search/problem.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace shardwright {

enum class ColumnWidths {
  any,    ///< parts of a table may differ, in steps of 4
  equal,  ///< parts of a table are equally wide, but the last may be narrower
};

/// What all workers of one search share and none changes: the problem, and what every piece of
/// every legal width adds to a rank's state and memory. Borrows its arguments.
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

  /// What a piece of this width adds to a rank of `kind`.
  std::span<const std::int64_t> state(std::int32_t table, std::int32_t width,
                                      std::size_t kind) const {
    return {states_.data() + (row(table, width) * num_kinds_ + kind) * state_size_, state_size_};
  }
  std::int64_t memory(std::int32_t table, std::int32_t width) const {
    return memory_[row(table, width)];
  }

  /// Whether a table may be cut into pieces of these widths, which must add up to its dim.
  bool may_cut(std::int32_t table, std::span<const std::int32_t> widths) const;

 private:
  static std::size_t index(std::int32_t value) { return static_cast<std::size_t>(value); }
  std::size_t row(std::int32_t table, std::int32_t width) const {
    return first_[index(table)] + index(width / 4) - 1;
  }

  const Problem& problem_;
  const RankPricer& pricer_;
  Objective objective_;
  ColumnWidths widths_;
  std::size_t num_kinds_;
  std::size_t state_size_;
  std::vector<std::int32_t> dims_;
  std::vector<std::size_t> first_;  // per table, its first row in the lists below: one per width
  std::vector<std::int64_t> states_;
  std::vector<std::int64_t> memory_;
  std::vector<std::vector<bool>> allowed_;  // per table, by rank; empty: all
};

/// The shard of all rows and the first `width` columns.
Shard first_columns(const Problem& problem, std::int32_t table, std::int32_t width);

}  // namespace shardwright
