#include "planner/search/local/search_reasons.hpp"

#include "planner/search/local/price_alone.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace shardwright {
namespace {

constexpr double kNotable = 0.5;  // of a mean rank's load: a table of less is cut to even out

class Reasons {
 public:
  Reasons(const SearchSpace& space, std::span<const Piece> pieces)
      : space_(space), of_table_(space.num_tables()), on_rank_(space.num_ranks()) {
    for (const Piece& piece : pieces) {
      of_table_[index(piece.table)].push_back(piece);
      const double load = load_of(piece);
      if (piece.rank != kEveryRank) on_rank_[index(piece.rank)] += load;
      sum_ += load * (piece.rank == kEveryRank ? static_cast<double>(space.num_ranks()) : 1);
    }
  }

  std::vector<std::string> run() const {
    std::vector<std::string> reasons;
    for (std::size_t i = 0; i < of_table_.size(); ++i) {
      reasons.push_back(reason(static_cast<std::int32_t>(i)));
    }
    return reasons;
  }

 private:
  static std::size_t index(std::int32_t value) { return static_cast<std::size_t>(value); }
  bool of_memory() const { return space_.objective() == Objective::memory; }
  const char* load_name() const { return of_memory() ? "memory" : "time"; }

  double load_of(const Piece& piece) const {
    return of_memory() ? static_cast<double>(space_.memory(piece)) : price_alone(space_, piece);
  }

  std::string reason(std::int32_t table) const {
    if (!space_.leads(table)) return goes_with(table);
    const auto& pieces = of_table_[index(table)];
    if (pieces.front().rank == kEveryRank) {
      return fmt::format("on every rank, {} each", format_bytes(Bytes(space_.memory(pieces[0]))));
    }
    if (!space_.keeps_rows(pieces.front())) {
      return fmt::format("rows in {} parts: {}", pieces.size(), cause(table, true));
    }
    if (pieces.size() == 1) return whole(pieces.front());
    return fmt::format("cut in {}: {}", pieces.size(), cause(table, false));
  }

  std::string goes_with(std::int32_t table) const {
    const Problem& problem = space_.problem();
    const TableId leader = problem.companions.leader[index(table)];
    return fmt::format("together with '{}', as asked", problem.workload.table(leader).name);
  }

  std::string whole(const Piece& piece) const {
    if (space_.ranks(piece.table).size() == 1 && space_.num_ranks() > 1) {
      return "whole on the only rank allowed";
    }
    const double all = on_rank_[index(piece.rank)];
    const double share = all > 0 ? 100 * load_of(piece) / all : 0;
    return fmt::format("whole; {:.0f} % of the {} of rank {}", share, load_name(), piece.rank);
  }

  std::string cause(std::int32_t table, bool rows) const {
    const TableRules& rules = space_.rules(table);
    if (!rows && rules.max_width < space_.dim(table)) {
      return fmt::format("no part may be wider than {} columns", rules.max_width);
    }
    if (rows && !space_.may_keep_rows(table)) return "its types allow nothing else";
    const Piece uncut{table, space_.dim(table)};
    const std::int64_t bytes = space_.memory(uncut);
    if (bytes > most_room(table)) {
      return fmt::format("whole it fits no rank, at {}", format_bytes(Bytes(bytes)));
    }
    const double mean = sum_ / static_cast<double>(space_.num_ranks());
    const double load = load_of(uncut);
    if (load < kNotable * mean) return fmt::format("evens out the ranks' {}", load_name());
    return fmt::format("whole it would be {:.0f} % of a mean rank's {}", 100 * load / mean,
                       load_name());
  }

  std::int64_t most_room(std::int32_t table) const {
    std::int64_t most = 0;
    for (const std::int32_t rank : space_.ranks(table)) {
      most = std::max(most, space_.problem().room[index(rank)].value());
    }
    return most;
  }

  const SearchSpace& space_;
  std::vector<std::vector<Piece>> of_table_;
  std::vector<double> on_rank_;  // load of the pieces that only it holds
  double sum_ = 0;               // of all ranks
};

}  // namespace

std::vector<std::string> search_reasons(const SearchSpace& space, std::span<const Piece> pieces) {
  return Reasons(space, pieces).run();
}

}  // namespace shardwright
