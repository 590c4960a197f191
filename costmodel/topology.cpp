#include "costmodel/topology.hpp"

#include "costmodel/device.hpp"
#include "costmodel/errors.hpp"
#include "costmodel/topology_json.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <filesystem>
#include <set>
#include <system_error>

namespace shardwright {
namespace {

constexpr std::int64_t kMostRanks = 1 << 20;

[[noreturn]] void refuse(const std::string& text, std::string_view cause) {
  throw UsageError(fmt::format(
      "The topology '{}' cannot be used: {}. Expected ranks x device-memory as in 8xH100-80GB or "
      "4xcpu-16GiB, nodes x ranks x device-memory as in 2x8xA100-80GB, or a JSON file.",
      text, cause));
}

std::int64_t count(const std::string& digits, const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || value < 1 || value > kMostRanks) {
    refuse(text, fmt::format("{} is not a number from 1 to {}", digits, kMostRanks));
  }
  return value;
}

Bytes parse_memory(const std::string& memory, const std::string& text) {
  const bool has_unit =
      !memory.empty() && std::isalpha(static_cast<unsigned char>(memory.back())) != 0;
  if (!has_unit) refuse(text, fmt::format("the memory '{}' has no unit, as GB or GiB", memory));
  return parse_bytes(memory);
}

// "A100-80GB" or "H100": a device's name, and its memory unless the device says it.
RankSpec parse_rank(const std::string& spec, const std::string& text) {
  const std::size_t dash = spec.rfind('-');
  const bool whole = dash == std::string::npos || is_known_device(spec);
  const Device& device = find_device(whole ? spec : spec.substr(0, dash));
  RankSpec rank;
  rank.device = device.name;
  rank.memory = whole ? device.memory : parse_memory(spec.substr(dash + 1), text);
  if (rank.memory.value() <= 0) {
    refuse(text, fmt::format("it does not say how much memory each {} has", device.name));
  }
  return rank;
}

// Cuts the leading "2x8x" off `spec`, giving 2 and 8.
std::vector<std::string> take_counts(std::string& spec) {
  std::vector<std::string> counts;
  while (true) {
    const std::size_t digits = spec.find_first_not_of("0123456789");
    if (digits == 0 || digits == std::string::npos || spec[digits] != 'x') return counts;
    counts.push_back(spec.substr(0, digits));
    spec.erase(0, digits + 1);
  }
}

Topology parse_shorthand(const std::string& text) {
  std::string spec = text;
  const std::vector<std::string> counts = take_counts(spec);
  const bool device = !spec.empty() && std::isalpha(static_cast<unsigned char>(spec.front())) != 0;
  if (!device || counts.empty() || counts.size() > 2) refuse(text, "it has not that form");
  const std::int64_t nodes = counts.size() == 2 ? count(counts.front(), text) : 1;
  const std::int64_t per_node = count(counts.back(), text);
  if (nodes * per_node > kMostRanks) refuse(text, fmt::format("more than {} ranks", kMostRanks));
  RankSpec rank = parse_rank(spec, text);
  Topology topology;
  for (rank.node = 0; rank.node < nodes; ++rank.node) {
    topology.ranks.insert(topology.ranks.end(), static_cast<std::size_t>(per_node), rank);
  }
  topology.intra = default_intra(topology.ranks);
  topology.inter = default_inter(topology.ranks);
  return topology;
}

Link slower(const Link& a, const Link& b) {
  return {std::min(a.bandwidth_bytes_per_second, b.bandwidth_bytes_per_second),
          std::max(a.latency_seconds, b.latency_seconds)};
}

std::set<std::string> device_names(const std::vector<RankSpec>& ranks) {
  std::set<std::string> names;
  for (const RankSpec& rank : ranks) names.insert(rank.device);
  return names;
}

Link slowest(const std::vector<RankSpec>& ranks, Link Device::*which) {
  const auto names = device_names(ranks);
  Link link = find_device(*names.begin()).*which;
  for (const auto& name : names) link = slower(link, find_device(name).*which);
  return link;
}

std::string describe_link(std::string_view name, const Link& link, const Link& default_link) {
  return fmt::format("{} {:.4g} GB/s per rank and direction and {:.3g} us per message{}", name,
                     link.bandwidth_bytes_per_second / 1e9, link.latency_seconds * 1e6,
                     link == default_link ? " (default)" : "");
}

std::string describe_device(const Device& device) {
  return fmt::format(
      "{}: {:.4g} GB/s of memory bandwidth, {:.0f} % of it for random rows, {:.3g} us per operator "
      "call ({})",
      device.name, device.memory_bandwidth_bytes_per_second / 1e9, 100 * device.gather_efficiency,
      device.launch_seconds * 1e6, device.source);
}

std::string describe_memory(const std::vector<RankSpec>& ranks) {
  const auto [least, most] =
      std::minmax_element(ranks.begin(), ranks.end(),
                          [](const RankSpec& a, const RankSpec& b) { return a.memory < b.memory; });
  const bool from_device = std::all_of(ranks.begin(), ranks.end(), [](const RankSpec& rank) {
    return rank.memory == find_device(rank.device).memory;
  });
  return fmt::format(
      "{}{} of memory each{}", format_bytes(least->memory),
      least->memory == most->memory ? "" : fmt::format(" to {}", format_bytes(most->memory)),
      from_device ? " (the device's whole memory)" : "");
}

}  // namespace

Link default_intra(const std::vector<RankSpec>& ranks) { return slowest(ranks, &Device::intra); }
Link default_inter(const std::vector<RankSpec>& ranks) { return slowest(ranks, &Device::inter); }

Topology read_topology(const std::string& text) {
  std::error_code ignored;  // what no path can be, is none
  if (text.ends_with(".json") || std::filesystem::is_regular_file(text, ignored)) {
    const nlohmann::json document = read_json(text);
    const JsonView view(document, text);
    expect_schema(view, "topology");
    return topology_from_json(view);
  }
  return parse_shorthand(text);
}

std::string describe_topology(const Topology& topology) {
  std::vector<std::string> devices;
  for (const auto& name : device_names(topology.ranks)) {
    devices.push_back(describe_device(find_device(name)));
  }
  return fmt::format("{} ranks on {} node{}, {}; {}; {}; {}.", topology.size(), num_nodes(topology),
                     num_nodes(topology) == 1 ? "" : "s", describe_memory(topology.ranks),
                     fmt::join(devices, "; "),
                     describe_link("within a node", topology.intra, default_intra(topology.ranks)),
                     describe_link("between nodes", topology.inter, default_inter(topology.ranks)));
}

std::int64_t num_nodes(const Topology& topology) {
  std::set<std::int64_t> nodes;
  for (const RankSpec& rank : topology.ranks) nodes.insert(nodes.end(), rank.node);
  return static_cast<std::int64_t>(nodes.size());
}

}  // namespace shardwright
