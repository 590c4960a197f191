#include "costmodel/topology_json.hpp"

#include "costmodel/device.hpp"
#include "costmodel/errors.hpp"
#include "costmodel/machine_probe_json.hpp"

namespace shardwright {
namespace {

using nlohmann::json;

constexpr std::int64_t kMostMemory = std::int64_t{1} << 60;

json link_to_json(const Link& link) {
  return {{"bandwidth_bytes_per_second", link.bandwidth_bytes_per_second},
          {"latency_seconds", link.latency_seconds}};
}

Link link_from_json(const JsonView& view, Link link) {
  view.allow_keys({"bandwidth_bytes_per_second", "latency_seconds"});
  if (const auto bandwidth = view.find("bandwidth_bytes_per_second")) {
    link.bandwidth_bytes_per_second = bandwidth->number(1);
  }
  if (const auto latency = view.find("latency_seconds")) link.latency_seconds = latency->number(0);
  return link;
}

const Device& device_from_json(const JsonView& view) {
  const std::string name = view.string();
  try {
    return find_device(name);
  } catch (const UsageError& error) {
    throw InputError(view.file() + ": " + view.path() + ": " + error.what());
  }
}

Bytes memory_from_json(const JsonView& rank, const Device& device) {
  if (const auto memory = rank.find("memory_bytes")) return Bytes(memory->integer(1, kMostMemory));
  if (device.memory.value() == 0) rank.at("memory_bytes");  // says that it is required
  return device.memory;
}

RankSpec rank_from_json(const JsonView& view) {
  view.allow_keys(
      {"node", "device", "memory_bytes", "speed", "reserved_bytes", "excluded", "memory_domain"});
  RankSpec rank;
  if (const auto node = view.find("node")) rank.node = node->integer(0);
  const auto name = view.find("device");
  const Device& device = name ? device_from_json(*name) : find_device(rank.device);
  rank.device = device.name;
  rank.memory = memory_from_json(view, device);
  if (const auto speed = view.find("speed")) rank.speed = speed->number(1e-6, 1e6);
  if (const auto reserved = view.find("reserved_bytes")) {
    rank.reserved = Bytes(reserved->integer(0, rank.memory.value()));
  }
  if (const auto excluded = view.find("excluded")) rank.excluded = excluded->boolean();
  if (const auto domain = view.find("memory_domain")) rank.memory_domain = domain->integer(0);
  return rank;
}

}  // namespace

json topology_to_json(const Topology& topology) {
  json ranks = json::array();
  for (const RankSpec& rank : topology.ranks) {
    ranks.push_back({{"node", rank.node},
                     {"device", rank.device},
                     {"memory_bytes", rank.memory.value()},
                     {"speed", rank.speed}});
    if (rank.reserved > Bytes(0)) ranks.back()["reserved_bytes"] = rank.reserved.value();
    if (rank.excluded) ranks.back()["excluded"] = true;
    if (rank.memory_domain > 0) ranks.back()["memory_domain"] = rank.memory_domain;
  }
  json document = {
      {"ranks", ranks},
      {"links",
       {{"intra", link_to_json(topology.intra)}, {"inter", link_to_json(topology.inter)}}}};
  if (topology.probe.known()) document["probe"] = probe_to_json(topology.probe);
  return document;
}

Topology topology_from_json(const JsonView& view) {
  view.allow_keys({"schema", "ranks", "links", "probe"});
  if (view.find("schema")) expect_schema(view, "topology");
  Topology topology;
  const JsonView ranks = view.at("ranks");
  for (const JsonView& rank : ranks.elements()) topology.ranks.push_back(rank_from_json(rank));
  if (topology.ranks.empty()) ranks.fail("at least one rank");
  if (const auto probe = view.find("probe")) topology.probe = probe_from_json(*probe);
  topology.intra = default_intra(topology.ranks);
  topology.inter = default_inter(topology.ranks);
  if (const auto links = view.find("links")) {
    links->allow_keys({"intra", "inter"});
    if (const auto intra = links->find("intra")) {
      topology.intra = link_from_json(*intra, topology.intra);
    }
    if (const auto inter = links->find("inter")) {
      topology.inter = link_from_json(*inter, topology.inter);
    }
  }
  return topology;
}

}  // namespace shardwright
