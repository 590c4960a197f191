#include "planner/search/local/lower_bound.hpp"

#include "planner/search/cuts.hpp"

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
  std::map<std::int64_t, std::int64_t> on_node;
  for (const RankSpec& rank : topology.ranks) ++on_node[rank.node];
  std::map<std::tuple<std::string, double, std::int64_t>, std::size_t> known;
  std::vector<Group> groups;
  for (std::size_t i = 0; i < topology.ranks.size(); ++i) {
    const RankSpec& rank = topology.ranks[i];
    const auto [found, added] =
        known.emplace(std::tuple(rank.device, rank.speed, on_node[rank.node]), groups.size());
    if (added) groups.push_back({RankId::of(i), 0});
    groups[found->second].count += 1;
  }
  return groups;
}

// What the shards of one table add at least, by width in steps, for one kind of time.
struct TableFloor {
  std::vector<double> weighed;  // least over groups, times the group's weight; infinite: not legal
  std::vector<double> alone;    // time of a rank that holds nothing else, least over groups
  double cheapest_cut = 0;
};

// Least sum over any cut into widths that alone take at most `limit`.
double cheapest_cut(const TableFloor& floor, double limit) {
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
  bool legal(std::int32_t table, std::int32_t width) const {
    const TableRules& rules = space_.rules(table);
    std::int64_t roomiest = 0;
    for (const RankId rank : rules.ranks) {
      roomiest = std::max(roomiest, space_.problem().room[rank.index()].value());
    }
    if (width > rules.max_width || space_.memory(table, width) > roomiest) return false;
    if (width == space_.dim(table)) return true;
    return rules.column_wise && rules.max_shards > 1 && width >= rules.min_width;
  }

  // Floors of every table, width and group; false if the model has none.
  bool collect() {
    floors_.resize(space_.num_tables());
    for (std::size_t i = 0; i < floors_.size(); ++i) {
      const auto table = static_cast<std::int32_t>(i);
      floors_[i].resize(static_cast<std::size_t>(space_.dim(table) / kStep) + 1);
      for (std::int32_t width = kStep; width <= space_.dim(table); width += kStep) {
        if (!legal(table, width)) continue;
        const Shard shard = first_columns(space_.problem(), table, width);
        auto& of_width = floors_[i][static_cast<std::size_t>(width / kStep)];
        for (const Group& group : groups_) {
          const auto floor = space_.pricer().floor(shard, group.rank);
          if (!floor) return false;
          idle_.resize(groups_.size());
          idle_[of_width.size()] = times_of(floor->idle);
          of_width.push_back(times_of(floor->per_shard));
        }
      }
    }
    return !idle_.empty();
  }

  // Faster groups count for more: by the dual of the fractional assignment, any weights are valid.
  std::vector<double> weights(std::size_t kind) const {
    std::vector<double> loads(groups_.size());
    for (const auto& widths : floors_) {
      for (std::size_t g = 0; g < widths.back().size(); ++g) loads[g] += widths.back()[g][kind];
    }
    for (double& load : loads) load = load > 0 ? loads.front() / load : 1;
    return loads;
  }

  std::vector<TableFloor> floors_of(std::size_t kind, const std::vector<double>& weight) const {
    std::vector<TableFloor> result;
    for (const auto& widths : floors_) {
      TableFloor& floor = result.emplace_back();
      floor.weighed.assign(widths.size(), kInfinity);
      floor.alone.assign(widths.size(), kInfinity);
      for (std::size_t width = 0; width < widths.size(); ++width) {
        for (std::size_t g = 0; g < widths[width].size(); ++g) {
          const double time = widths[width][g][kind];
          floor.weighed[width] = std::min(floor.weighed[width], weight[g] * time);
          floor.alone[width] = std::min(floor.alone[width], idle_[g][kind] + time);
        }
      }
      floor.cheapest_cut = cheapest_cut(floor, kInfinity);
    }
    return result;
  }

  double least_time(std::size_t kind) const {
    const auto weight = weights(kind);
    const auto floors = floors_of(kind, weight);
    double idle = kInfinity;
    double capacity = 0;  // weighed time of all ranks per ms
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      idle = std::min(idle, idle_[g][kind]);
      capacity += weight[g] * groups_[g].count;
    }
    const auto needed = [&](double limit) {
      double sum = 0;
      for (const TableFloor& floor : floors) {
        sum += floor.alone.back() <= limit ? floor.cheapest_cut : cheapest_cut(floor, limit);
      }
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
  std::vector<std::vector<std::vector<Times>>> floors_;  // [table][steps][group]; empty: not legal
  std::vector<Times> idle_;                              // per group
};

}  // namespace

std::optional<double> lower_bound_ms(const SearchSpace& space) {
  if (space.objective() == Objective::memory || space.num_tables() == 0) return {};
  return Bound(space).run();
}

}  // namespace shardwright
