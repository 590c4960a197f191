#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <span>
#include <string>

namespace shardwright {

/// How fast one rank's GPU moved the bytes of its look-ups and updates: of the last step, by the
/// mean times of all steps.
struct DeviceRates {
  std::int64_t lookup_bytes = 0;
  std::int64_t update_bytes = 0;
  std::int64_t ids = 0;
  std::int64_t unique_rows = 0;
  double lookup_ms = 0;
  double update_ms = 0;
  double copy_gb_per_s = 0;

  double lookup_gb_per_s() const;
  double update_gb_per_s() const;
};

/// [{"lookup_gb_per_s", "lookup_share_of_copy", …}, …], one per rank.
nlohmann::json device_rates_json(std::span<const DeviceRates> ranks);
/// Of the rank with most bytes to move, a line each for look-up and update; empty without ranks.
std::string device_rates_text(std::span<const DeviceRates> ranks);

}  // namespace shardwright
