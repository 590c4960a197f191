#pragma once

#include "planner/plan.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace shardwright {

/// A shard as TorchRec lists it; in row-split types it may be empty.
struct TorchrecShard {
  std::int64_t row_begin = 0;
  std::int64_t col_begin = 0;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  RankId rank{0};
};

struct TorchrecTable {
  std::string name;
  ShardingType type = ShardingType::table_wise;
  std::vector<TorchrecShard> shards;  ///< in TorchRec's order; none for data_parallel
};

/// The plan as TorchRec's runtime wants it: row blocks of ⌈rows / ranks⌉ on all ranks, or all of a
/// node, in order; nodes of equally many consecutive ranks where a type knows nodes. Throws
/// InputError that names every table that is not so.
std::vector<TorchrecTable> torchrec_layout(const Plan& plan);

/// Ranks per node if nodes are equally large runs of ranks, else 0.
std::int64_t ranks_per_node(const Topology& topology);

/// As to_string(), but TorchRec calls the grid grid_shard. The inverse throws InputError.
std::string torchrec_name(ShardingType type);
ShardingType parse_torchrec_type(std::string_view name);

/// "cpu" or "cuda": what TorchRec calls the devices of a topology.
std::string torchrec_device(const Topology& topology);

}  // namespace shardwright
