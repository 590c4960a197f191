#pragma once

#include "costmodel/json/json_view.hpp"
#include "costmodel/machine_probe.hpp"

#include <nlohmann/json.hpp>

#include <array>

namespace shardwright {

/// A number for each rate, by its name.
nlohmann::json rates_to_json(const std::array<double, kNumProbes>& values);
/// Throws InputError with the path unless all are there, within `least` and `most`.
std::array<double, kNumProbes> rates_from_json(const JsonView& view, double least, double most);

/// Rates by name. Of a known probe.
nlohmann::json probe_to_json(const MachineProbe& probe);
/// Throws InputError with the path unless all rates are there and positive.
MachineProbe probe_from_json(const JsonView& view);

}  // namespace shardwright
