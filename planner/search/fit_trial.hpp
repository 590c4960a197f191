#pragma once

#include "planner/search/packing.hpp"
#include "planner/search/ways_out.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace shardwright {

/// Asks whether a changed question has a plan that search would find, where its start is asked for.
/// Borrows the question; answers no once its `stop` is true.
class FitTrial {
 public:
  using Fit = std::optional<std::vector<Shard>>;

  FitTrial(const WaysOutQuestion& question, std::vector<ShardingType> types,
           MemoryModel memory_model);

  bool fits(const Workload& workload, const Topology& topology) const;
  /// With the first so many of tables_for_rows() cut by rows.
  Fit fit_by_rows(const Workload& workload, const Topology& topology, std::int64_t count) const;
  std::int64_t most_by_rows(const Workload& workload, const Topology& topology) const;

 private:
  Fit ask(const Workload& workload, const Topology& topology,
          const std::function<Fit(const Problem&)>& find) const;
  PackingEffort effort(const Problem& problem) const;
  bool size_greedy_places(const Problem& problem) const;

  const WaysOutQuestion& question_;
  std::vector<ShardingType> types_;
  MemoryModel memory_model_;
};

}  // namespace shardwright
