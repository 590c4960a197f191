#pragma once

#include "costmodel/bytes.hpp"
#include "costmodel/cost_model.hpp"
#include "costmodel/shard.hpp"
#include "costmodel/table.hpp"
#include "costmodel/topology.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace shardwright {

enum class MemoryModel {
  full,      ///< weights, optimizer state, buffers (planner/memory_model.hpp)
  weights,   ///< weights alone, as NeuroShard counts
  torchrec,  ///< TorchRec's storage estimate
  overlap,   ///< full, of training that exchanges the next batch's ids meanwhile
};

/// What the cost and memory models say of one rank.
struct RankPrediction {
  Bytes memory;
  PhaseTimes phases;
  bool operator==(const RankPrediction&) const = default;
};

/// The best that a search had found by then.
struct ProgressPoint {
  double seconds = 0;
  double best_cost = 0;  ///< ms; GiB where the objective is memory
};

/// How a plan was found; outside plan equality.
struct SearchRecord {
  std::string algorithm;
  std::uint64_t seed = 0;
  double seconds = 0;
  std::int64_t evaluations = 0;
  std::string stopped_by;                 ///< work | time | optimal | interrupt
  std::vector<ProgressPoint> progress{};  ///< in time; empty if the algorithm does not search
};

/// Where a file comes from; outside plan equality.
struct MadeBy {
  std::string command;
  std::string version;
  std::map<std::string, std::string> inputs;  ///< file → hash of its bytes
};

/// Where every part of every table lives. Describes, never runs; stands alone: tables and topology
/// inside.
struct Plan {
  Workload workload;
  Topology topology;
  std::vector<Shard> shards;  ///< ordered by (table, row_begin, col_begin)
  std::string cost_model;
  MemoryModel memory_model = MemoryModel::full;
  Objective objective = Objective::step;
  double cost_ms = 0;
  std::vector<RankPrediction> predicted;  ///< one per rank
  std::vector<std::string> reasons;       ///< one per table: why it is placed so
  SearchRecord search;
  MadeBy made_by;
  std::vector<TableId> unique_rows{};  ///< ascending: tables that are exchanged as distinct rows
                                       ///< (planner/unique_rows.hpp); the others' rows are pooled
};

}  // namespace shardwright
