#pragma once

#include "costmodel/bytes.hpp"
#include "costmodel/ids.hpp"
#include "costmodel/machine_probe.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace shardwright {

/// One process and the device it computes on.
struct RankSpec {
  std::int64_t node = 0;
  std::string device = "cpu";  ///< a name known to find_device()
  Bytes memory;                ///< for tables and all that goes with them
  double speed = 1.0;          ///< relative to the device's usual speed; 0.5 takes twice as long
  Bytes reserved = {};         ///< of `memory`, for something else
  bool excluded = false;       ///< holds no shard, but takes its share of the batch
  /// Ranks of a node with the same number share memory channels, such as those of one socket.
  std::int64_t memory_domain = 0;
  Bytes usable() const { return memory - reserved; }
  bool operator==(const RankSpec&) const = default;
};

struct Link {
  double bandwidth_bytes_per_second = 0;  ///< per rank and direction
  double latency_seconds = 0;             ///< per message
  bool operator==(const Link&) const = default;
};

/// The machines a plan is made for.
struct Topology {
  std::vector<RankSpec> ranks;
  Link intra;  ///< between ranks of one node
  Link inter;  ///< between nodes
  /// Of the ranks' processors; unknown: fitted models take that of the machine they were fitted on.
  MachineProbe probe;
  std::int64_t size() const { return static_cast<std::int64_t>(ranks.size()); }
  const RankSpec& rank(RankId id) const { return ranks[id.index()]; }
  bool operator==(const Topology&) const = default;
};

/// Reads `8xH100-80GB`, `2x8xA100-80GB` (nodes × ranks per node × device-memory), `4xcpu-16GiB`,
/// or, if the text names an existing file or ends in .json, that file. Memory may be left out for
/// known GPUs. Throws UsageError / InputError.
Topology read_topology(const std::string& text);

/// The sentence that says which defaults (bandwidths, latencies, memory) were filled in.
std::string describe_topology(const Topology& topology);

std::int64_t num_nodes(const Topology& topology);

/// Links assumed where none are given: the slowest of the ranks' devices. At least one rank.
Link default_intra(const std::vector<RankSpec>& ranks);
Link default_inter(const std::vector<RankSpec>& ranks);

}  // namespace shardwright
