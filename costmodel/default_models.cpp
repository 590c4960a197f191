#include "costmodel/default_models.hpp"

#include "costmodel/device.hpp"
#include "costmodel/neural/known_kinds.hpp"
#include "costmodel/neural/pretrained.hpp"

#include <algorithm>
#include <array>

namespace shardwright {
namespace {

constexpr std::array kComputeModels = {
    DefaultModel{"cpu", "cpu-epyc9004-compute"},
    DefaultModel{"H200", "h200-compute"},
};

// A100-40GB and H200 have the NVLink of A100 and H100.
constexpr std::array kCommModels = {
    DefaultModel{"cpu", "cpu-epyc9004-mpi"}, DefaultModel{"A100", "nccl-a100"},
    DefaultModel{"A100-40GB", "nccl-a100"},  DefaultModel{"H100", "nccl-h100"},
    DefaultModel{"H200", "nccl-h100"},       DefaultModel{"B200", "nccl-b200"},
    DefaultModel{"B300", "nccl-b300"},       DefaultModel{"GB200", "nccl-gb200"},
    DefaultModel{"L40S", "nccl-l40s"},
};

// Names of models; empty: none.
struct Parts {
  std::string compute;
  std::string comm;
};

std::string model_of(std::span<const DefaultModel> models, std::string_view device) {
  for (const DefaultModel& entry : models) {
    if (entry.device == device) return std::string(entry.model);
  }
  return {};
}

bool holds(const Range& range, std::int64_t value) {
  return static_cast<double>(value) >= range.least && static_cast<double>(value) <= range.most;
}

// What ranks of a node do in place goes by their own samples, however many they are: with two
// ranks' times, steps of four and eight were priced as well as those of two (docs/cost_models.md).
bool covers(const CommModel& model, const Topology& topology) {
  constexpr std::int64_t kMostInPlace = 8;
  Range ranks = model.training.ranks;
  if (knows_kinds(model, kInPlace)) ranks.most = std::max<double>(ranks.most, kMostInPlace);
  return holds(ranks, topology.size()) && holds(model.training.nodes, num_nodes(topology));
}

Parts parts_of(const Topology& topology) {
  const std::string& device = topology.ranks.front().device;
  const bool alike = std::all_of(topology.ranks.begin(), topology.ranks.end(),
                                 [&](const RankSpec& rank) { return rank.device == device; });
  if (!alike) return {};
  Parts parts{model_of(kComputeModels, device), model_of(kCommModels, device)};
  if (parts.comm.empty()) return parts;
  const bool has_link = topology.intra == find_device(device).intra;
  if (!has_link || !covers(load_pretrained(parts.comm), topology)) parts.comm.clear();
  return parts;
}

std::string name_of(const Parts& parts) {
  if (parts.compute.empty() && parts.comm.empty()) return "analytic";
  const bool both = !parts.compute.empty() && !parts.comm.empty();
  return parts.compute + (both ? "," : "") + parts.comm;
}

}  // namespace

std::span<const DefaultModel> default_compute_models() { return kComputeModels; }

std::span<const DefaultModel> default_comm_models() { return kCommModels; }

std::string default_cost_model(const Topology& topology) { return name_of(parts_of(topology)); }

std::vector<std::string> default_cost_models(const std::vector<Topology>& topologies) {
  std::vector<Parts> all;
  all.reserve(topologies.size());
  for (const Topology& topology : topologies) all.push_back(parts_of(topology));
  for (std::string Parts::*part : {&Parts::compute, &Parts::comm}) {
    const bool missing = std::any_of(all.begin(), all.end(),
                                     [&](const Parts& parts) { return (parts.*part).empty(); });
    for (Parts& parts : all) {
      if (missing) (parts.*part).clear();
    }
  }
  std::vector<std::string> names;
  names.reserve(all.size());
  for (const Parts& parts : all) names.push_back(name_of(parts));
  return names;
}

}  // namespace shardwright
