#pragma once

#include "costmodel/json/json_view.hpp"
#include "costmodel/machine_probe.hpp"

#include <nlohmann/json.hpp>

namespace shardwright {

/// Rates by name. Of a known probe.
nlohmann::json probe_to_json(const MachineProbe& probe);
/// Throws InputError with the path unless all rates are there and positive.
MachineProbe probe_from_json(const JsonView& view);

}  // namespace shardwright
