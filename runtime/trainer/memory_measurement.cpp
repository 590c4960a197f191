#include "runtime/trainer/memory_measurement.hpp"

#include "costmodel/bytes.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace shardwright {

nlohmann::json memory_json(std::span<const MemoryMeasurement> ranks) {
  nlohmann::json result = nlohmann::json::array();
  for (const MemoryMeasurement& memory : ranks) {
    result.push_back(
        {{"predicted_bytes", memory.predicted_bytes}, {"peak_bytes", memory.peak_bytes}});
  }
  return result;
}

std::string memory_line(std::span<const MemoryMeasurement> ranks, const char* memory) {
  const MemoryMeasurement& fullest = *std::max_element(
      ranks.begin(), ranks.end(), [](const MemoryMeasurement& a, const MemoryMeasurement& b) {
        return a.peak_bytes < b.peak_bytes;
      });
  std::string text = fmt::format("{} of the fullest rank: {} above the start", memory,
                                 format_bytes(Bytes(fullest.peak_bytes)));
  if (fullest.predicted_bytes > 0) {
    text += fmt::format(
        ", predicted {} (ratio {:.3f})", format_bytes(Bytes(fullest.predicted_bytes)),
        static_cast<double>(fullest.peak_bytes) / static_cast<double>(fullest.predicted_bytes));
  }
  return text + "\n";
}

}  // namespace shardwright
