#include "runtime/bench/device_rates.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace shardwright {
namespace {

/// Bytes a millisecond are a millionth of GB/s.
double gb_per_s(std::int64_t bytes, double ms) {
  return ms > 0 ? static_cast<double>(bytes) / (ms * 1e6) : 0;
}

double share(double part, double whole) { return whole > 0 ? part / whole : 0; }

}  // namespace

double DeviceRates::lookup_gb_per_s() const { return gb_per_s(lookup_bytes, lookup_ms); }
double DeviceRates::update_gb_per_s() const { return gb_per_s(update_bytes, update_ms); }

nlohmann::json device_rates_json(std::span<const DeviceRates> ranks) {
  nlohmann::json result = nlohmann::json::array();
  for (const DeviceRates& rank : ranks) {
    result.push_back({{"lookup_bytes", rank.lookup_bytes},
                      {"lookup_gb_per_s", rank.lookup_gb_per_s()},
                      {"lookup_share_of_copy", share(rank.lookup_gb_per_s(), rank.copy_gb_per_s)},
                      {"update_bytes", rank.update_bytes},
                      {"update_gb_per_s", rank.update_gb_per_s()},
                      {"update_share_of_copy", share(rank.update_gb_per_s(), rank.copy_gb_per_s)},
                      {"copy_gb_per_s", rank.copy_gb_per_s},
                      {"ids", rank.ids},
                      {"unique_rows", rank.unique_rows}});
  }
  return result;
}

std::string device_rates_text(std::span<const DeviceRates> ranks) {
  if (ranks.empty()) return {};
  const DeviceRates& rank =
      *std::max_element(ranks.begin(), ranks.end(), [](const DeviceRates& a, const DeviceRates& b) {
        return a.lookup_bytes + a.update_bytes < b.lookup_bytes + b.update_bytes;
      });
  const auto line = [&](const char* what, double rate) {
    return fmt::format("{}: {:.1f} GB/s, {:.1f} % of a copy on the device ({:.1f} GB/s)\n", what,
                       rate, 100 * share(rate, rank.copy_gb_per_s), rank.copy_gb_per_s);
  };
  return line("look-up, with the copies of ids", rank.lookup_gb_per_s()) +
         line("update, with the sort of rows", rank.update_gb_per_s()) +
         fmt::format(
             "distinct rows: {} of {} ids, {:.1f} %\n", rank.unique_rows, rank.ids,
             100 * share(static_cast<double>(rank.unique_rows), static_cast<double>(rank.ids)));
}

}  // namespace shardwright
