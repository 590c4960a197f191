#pragma once

#include "costmodel/topology.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shardwright {

/// A shipped model (costmodel/pretrained), and the device whose ranks it prices unless the user
/// names another.
struct DefaultModel {
  std::string_view device;  ///< as known_devices() names it
  std::string_view model;
};

/// Of computation: at most one for a device.
std::span<const DefaultModel> default_compute_models();
/// Of communication, at most one for a device: measured on its link within a node
/// (default_intra()), if not on the device itself.
std::span<const DefaultModel> default_comm_models();

/// What --cost-model would have to say for what is taken without it: the shipped compute model of
/// the device that all ranks are on, and the shipped communication model of its link, if the
/// topology has no other link, and no ranks or nodes beyond those that the model was fitted to.
/// "analytic" where neither is there.
std::string default_cost_model(const Topology& topology);

/// The same for topologies that are to be compared: a part is fitted for all of them or for none.
std::vector<std::string> default_cost_models(const std::vector<Topology>& topologies);

}  // namespace shardwright
