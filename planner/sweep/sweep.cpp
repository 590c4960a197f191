#include "planner/sweep/sweep.hpp"

#include "planner/contradiction.hpp"

#include <algorithm>

namespace shardwright {
namespace {

SweepPoint point_of(const NamedTopology& named, std::int64_t batch_size,
                    const SearchResult& result) {
  SweepPoint point{named.name, named.topology.size(), batch_size, result.termination, 0, {}, {}, 0,
                   false};
  if (!result.plan) return point;
  std::vector<PhaseTimes> times;
  for (std::size_t rank = 0; rank < result.plan->predicted.size(); ++rank) {
    const RankPrediction& predicted = result.plan->predicted[rank];
    times.push_back(predicted.phases);
    const double share = static_cast<double>(predicted.memory.value()) /
                         static_cast<double>(named.topology.ranks[rank].memory.value());
    if (share <= point.used_share) continue;
    point.used_share = share;
    point.fullest = predicted.memory;
  }
  point.step_ms = step_cost_ms(times, Objective::step);
  if (result.plan->objective == Objective::step) point.lower_bound_ms = result.lower_bound_ms;
  return point;
}

bool dominates(const SweepPoint& a, const SweepPoint& b) {
  if (!a.has_plan()) return false;
  const bool as_good =
      a.ranks <= b.ranks && a.step_ms <= b.step_ms && a.samples_per_s() >= b.samples_per_s();
  const bool better =
      a.ranks < b.ranks || a.step_ms < b.step_ms || a.samples_per_s() > b.samples_per_s();
  return as_good && better;
}

}  // namespace

double SweepPoint::samples_per_s() const {
  return step_ms > 0 ? 1e3 * static_cast<double>(batch_size) / step_ms : 0;
}

std::string_view SweepPoint::status() const {
  return contradiction.empty() ? to_string(termination) : "contradiction";
}

std::vector<SweepPoint> sweep(const Workload& workload,
                              const std::vector<NamedTopology>& topologies,
                              const std::vector<std::int64_t>& batch_sizes, const PlanOne& plan,
                              const std::atomic<bool>* stop) {
  std::vector<SweepPoint> points;
  for (const NamedTopology& named : topologies) {
    for (const std::int64_t batch_size : batch_sizes) {
      if (stop != nullptr && *stop) break;
      Workload sized = workload;
      sized.batch_size = batch_size;
      try {
        points.push_back(point_of(named, batch_size, plan(sized, named)));
      } catch (const Contradiction& contradiction) {
        points.push_back(point_of(named, batch_size, {}));
        points.back().contradiction = contradiction.what();
      }
    }
  }
  mark_front(points);
  return points;
}

void mark_front(std::vector<SweepPoint>& points) {
  for (SweepPoint& point : points) {
    point.on_front = point.has_plan() &&
                     std::none_of(points.begin(), points.end(),
                                  [&](const SweepPoint& other) { return dominates(other, point); });
  }
}

}  // namespace shardwright
