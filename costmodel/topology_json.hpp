#pragma once

#include "costmodel/json/json_view.hpp"
#include "costmodel/topology.hpp"

#include <nlohmann/json.hpp>

namespace shardwright {

/// {"ranks":[{"node","device","memory_bytes","speed"}],
///  "links":{"intra":{"bandwidth_bytes_per_second","latency_seconds"},"inter":{…}}}
nlohmann::json topology_to_json(const Topology& topology);

/// Reads that form, with or without "schema" (shardwright.topology/1 if present). Device, speed and
/// links have defaults; memory_bytes has one for devices of known memory. Throws InputError.
Topology topology_from_json(const JsonView& view);

}  // namespace shardwright
