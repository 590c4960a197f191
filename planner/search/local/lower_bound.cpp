#include "planner/search/local/lower_bound.hpp"

#include "costmodel/ranks_on_nodes.hpp"
#include "planner/search/cuts.hpp"
#include "planner/search/local/memory_bound.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <string>
#include <tuple>

namespace shardwright {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::int32_t kStep = kWidthStep;

constexpr std::array kPhases = {&PhaseTimes::comm_input_ms, &PhaseTimes::compute_forward_ms,
                                &PhaseTimes::comm_forward_ms, &PhaseTimes::compute_backward_ms,
                                &PhaseTimes::comm_backward_ms};
// One kind of time: a phase, or all of them together.
using Times = std::array<double, kPhases.size() + 1>;
constexpr std::size_t kTogether = kPhases.size();

Times times_of(const PhaseTimes& phases) {
  Times times{};
  for (std::size_t i = 0; i < kPhases.size(); ++i) times[i] = phases.*kPhases[i];
  times[kTogether] = phases.total_ms();
  return times;
}

// Ranks that price alike, and one of them.
struct Group {
  RankId rank;
  double count;
};

std::vector<Group> group_ranks(const Topology& topology) {
  const std::map<std::int64_t, std::int64_t> on_node = ranks_on_nodes(topology);
  std::map<std::tuple<std::string, double, std::int64_t>, std::size_t> known;
  std::vector<Group> groups;
  for (std::size_t i = 0; i < topology.ranks.size(); ++i) {
    const RankSpec& rank = topology.ranks[i];
    const auto [found, added] =
        known.emplace(std::tuple(rank.device, rank.speed, on_node.at(rank.node)), groups.size());
    if (added) groups.push_back({RankId::of(i), 0});
    groups[found->second].count += 1;
  }
  return groups;
}

// Shards of one size: what each adds, per group, and how many there are; and what the largest of
// them adds, if they stand for some that differ.
struct Part {
  std::vector<Times> times;
  double count;
  std::vector<Times> largest = times;
};

// One way to hold some columns of a table: all their rows on a rank, or blocks of them on several.
// Empty: not legal.
using Shape = std::vector<Part>;

// Shapes of one kind by width in steps, from which the table's columns are made up.
using Family = std::vector<Shape>;

// The same for one kind of time.
struct FamilyFloor {
  std::vector<double> weighed;  // least over groups, times the group's weight; infinite: not legal
  std::vector<double> alone;    // time of a rank that holds nothing else, least over groups
  double cheapest_cut = kInfinity;
};

// Least sum over any cut into widths that alone take at most `limit`.
double cheapest_cut(const FamilyFloor& floor, double limit) {
  const std::size_t steps = floor.weighed.size() - 1;
  std::vector<double> best(steps + 1, kInfinity);
  best[0] = 0;
  for (std::size_t width = 1; width <= steps; ++width) {
    if (floor.weighed[width] == kInfinity || floor.alone[width] > limit) continue;
    for (std::size_t sum = width; sum <= steps; ++sum) {
      best[sum] = std::min(best[sum], best[sum - width] + floor.weighed[width]);
    }
  }
  return best[steps];
}

double cheapest(const std::vector<FamilyFloor>& families, double limit) {
  double least = kInfinity;
  for (const FamilyFloor& family : families) {
    const bool all_fit = family.alone.back() <= limit;
    least = std::min(least, all_fit ? family.cheapest_cut : cheapest_cut(family, limit));
  }
  return least;
}

class Bound {
 public:
  explicit Bound(const SearchSpace& space)
      : space_(space), groups_(group_ranks(space.problem().topology)) {}

  std::optional<double> run() {
    if (!collect()) return {};
    if (space_.objective() == Objective::max_sum) return least_time(kTogether);
    double phases = 0;
    for (std::size_t kind = 0; kind < kPhases.size(); ++kind) phases += least_time(kind);
    return std::max(phases, least_time(kTogether));
  }

 private:
  // Families of every table; false if the model has no floor for one of their shards.
  bool collect() {
    Times none;
    none.fill(kInfinity);
    idle_.assign(groups_.size(), none);
    for (std::size_t i = 0; i < space_.num_tables(); ++i) {
      const auto table = static_cast<std::int32_t>(i);
      if (!space_.leads(table)) continue;
      auto& families = tables_.emplace_back();
      if (space_.may_keep_rows(table)) families.push_back(column_family(table));
      for (const RowCut& cut : space_.row_cuts(table)) {
        if (space_.pricer().assumes_even_rows()) families.push_back(even_family(table, cut));
      }
      if (!space_.pricer().assumes_even_rows()) add_row_families(table, families);
      if (const auto replica = space_.replica_slice(table)) {
        families.push_back(no_family(table));
        const auto ranks = static_cast<double>(space_.num_ranks());
        families.back().back() = shape({table, space_.dim(table), 0, *replica}, ranks);
      }
      if (!has_floor_) return false;
    }
    return true;
  }

  Family no_family(std::int32_t table) const {
    return Family(static_cast<std::size_t>(space_.dim(table) / kStep) + 1);
  }

  Family column_family(std::int32_t table) {
    const TableRules& rules = space_.rules(table);
    Family family = no_family(table);
    for (std::int32_t width = kStep; width <= space_.dim(table); width += kStep) {
      const std::array<std::int32_t, 2> cut = {width, space_.dim(table) - width};
      const bool whole = cut[1] == 0;
      const bool legal = whole ? space_.may_cut(table, std::span(cut).first(1))
                               : rules.max_shards > 1 && width >= rules.min_width &&
                                     width <= rules.max_width && space_.may_cut_columns(table);
      if (legal) family[step(width)] = shape({table, width}, 1);
    }
    return family;
  }

  // Blocks as the search cuts them.
  Family even_family(std::int32_t table, const RowCut& cut) {
    Family family = no_family(table);
    const bool parts = cut.type == ShardingType::grid;
    const double last = cut.slice == cut.last_slice ? 0 : 1;
    for (std::int32_t width = parts ? kStep : space_.dim(table); width <= space_.dim(table);
         width += kStep) {
      Shape& blocks = family[step(width)];
      blocks = shape({table, width, 0, cut.slice}, cut.num_blocks - last);
      if (last == 0 || blocks.empty()) continue;
      const Shape rest = shape({table, width, 0, cut.last_slice}, last);
      blocks.insert(blocks.end(), rest.begin(), rest.end());
    }
    return family;
  }

  // Any cut over any ranks, even or not: k blocks cost as much as k equal ones, as prices grow with
  // rows in a straight line, and the largest is no smaller than those. One family stands for all
  // k from a power of two to below the next.
  void add_row_families(std::int32_t table, std::vector<Family>& families) {
    const TableRules& rules = space_.rules(table);
    const std::int64_t rows = space_.problem().workload.table(TableId(table)).rows;
    const auto add = [&](ShardingType type, std::int64_t most, bool parts) {
      most = std::min(most, rows);
      for (std::int64_t fewest = 1; fewest <= most; fewest *= 2) {
        Family& family = families.emplace_back(no_family(table));
        const std::int64_t largest = rows / std::min(2 * fewest - 1, most);
        for (std::int32_t width = parts ? kStep : space_.dim(table); width <= space_.dim(table);
             width += kStep) {
          Shard shard{TableId(table), type, 0, largest, 0, width, {}};
          if (!fits(shard)) continue;
          Part part{{}, static_cast<double>(fewest), floors(shard)};
          shard.row_end = rows / fewest;
          part.times = floors(shard);
          family[step(width)] = {std::move(part)};
        }
      }
    };
    const auto ranks = static_cast<std::int64_t>(rules.ranks.size());
    if (rules.allows(ShardingType::row_wise)) add(ShardingType::row_wise, ranks, false);
    const bool grid = rules.allows(ShardingType::grid);
    if (!grid && !rules.allows(ShardingType::table_row_wise)) return;
    std::size_t largest_node = 0;
    for (const auto& node : space_.nodes()) largest_node = std::max(largest_node, node.size());
    add(ShardingType::grid, static_cast<std::int64_t>(largest_node), grid);
  }

  static std::size_t step(std::int32_t width) { return static_cast<std::size_t>(width / kStep); }

  bool fits(const Shard& shard) const {
    const Bytes needed = bytes_with_followers(space_.problem(), shard);
    const auto& ranks = space_.rules(static_cast<std::int32_t>(shard.table.value())).ranks;
    return std::any_of(ranks.begin(), ranks.end(),
                       [&](RankId rank) { return needed <= space_.problem().room[rank.index()]; });
  }

  // Empty if the shards fit no rank that the table may use.
  Shape shape(const Piece& piece, double count) {
    const Shard shard = space_.shard_like(piece);
    if (!fits(shard)) return {};
    return {{floors(shard), count}};
  }

  std::vector<Times> floors(const Shard& shard) {
    std::vector<Times> times = floors_alone(shard);
    for (const TableId other : space_.problem().companions.followers[shard.table.index()]) {
      const auto more = floors_alone(whole_shard(space_.problem(), other));
      for (std::size_t g = 0; g < times.size(); ++g) {
        for (std::size_t kind = 0; kind < times[g].size(); ++kind) times[g][kind] += more[g][kind];
      }
    }
    return times;
  }

  std::vector<Times> floors_alone(const Shard& shard) {
    std::vector<Times> times(groups_.size());
    for (std::size_t g = 0; g < groups_.size() && has_floor_; ++g) {
      const auto floor = space_.pricer().floor(shard, groups_[g].rank);
      has_floor_ = floor.has_value();
      if (!floor) break;
      times[g] = times_of(floor->per_shard);
      const Times idle = times_of(floor->idle);
      for (std::size_t kind = 0; kind < idle.size(); ++kind) {
        idle_[g][kind] = std::min(idle_[g][kind], idle[kind]);
      }
    }
    return times;
  }

  // Faster groups count for more: by the dual of the fractional assignment, any weights are valid.
  std::vector<double> weights(std::size_t kind) const {
    std::vector<double> loads(groups_.size());
    for (const auto& families : tables_) {
      for (const Part& part : families.empty() ? Shape{} : families.front().back()) {
        for (std::size_t g = 0; g < loads.size(); ++g) loads[g] += part.times[g][kind];
      }
    }
    for (double& load : loads) load = load > 0 ? loads.front() / load : 1;
    return loads;
  }

  FamilyFloor floor_of(const Family& family, std::size_t kind,
                       const std::vector<double>& weight) const {
    FamilyFloor floor;
    floor.weighed.assign(family.size(), kInfinity);
    floor.alone.assign(family.size(), kInfinity);
    for (std::size_t width = 0; width < family.size(); ++width) {
      if (family[width].empty()) continue;
      floor.weighed[width] = floor.alone[width] = 0;
      for (const Part& part : family[width]) {
        double weighed = kInfinity;
        double alone = kInfinity;
        for (std::size_t g = 0; g < groups_.size(); ++g) {
          weighed = std::min(weighed, weight[g] * part.times[g][kind]);
          alone = std::min(alone, idle_[g][kind] + part.largest[g][kind]);
        }
        floor.weighed[width] += part.count * weighed;
        floor.alone[width] = std::max(floor.alone[width], alone);
      }
    }
    floor.cheapest_cut = cheapest_cut(floor, kInfinity);
    return floor;
  }

  double least_time(std::size_t kind) const {
    const auto weight = weights(kind);
    std::vector<std::vector<FamilyFloor>> floors;
    for (const auto& families : tables_) {
      auto& of_table = floors.emplace_back();
      for (const Family& family : families) of_table.push_back(floor_of(family, kind, weight));
    }
    double idle = kInfinity;
    double capacity = 0;  // weighed time of all ranks per ms
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      idle = std::min(idle, idle_[g][kind]);
      capacity += weight[g] * groups_[g].count;
    }
    const auto needed = [&](double limit) {
      double sum = 0;
      for (const auto& families : floors) sum += cheapest(families, limit);
      return idle + sum / capacity;
    };
    double low = needed(kInfinity);
    if (low == kInfinity) return 0;  // some table fits nowhere: no placement to bound
    if (needed(low) <= low) return low;
    double high = low;
    while (needed(high) > high) high *= 2;
    for (int i = 0; i < 30; ++i) {
      const double middle = (low + high) / 2;
      (needed(middle) > middle ? low : high) = middle;
    }
    return low;
  }

  const SearchSpace& space_;
  std::vector<Group> groups_;
  std::vector<std::vector<Family>> tables_;
  std::vector<Times> idle_;  // per group, the least of all shards
  bool has_floor_ = true;
};

}  // namespace

std::optional<double> lower_bound(const SearchSpace& space) {
  if (space.num_tables() == 0) return {};
  if (space.objective() != Objective::memory) return Bound(space).run();
  return static_cast<double>(least_fullest(space.problem()).value()) / kGibibyte;
}

}  // namespace shardwright
