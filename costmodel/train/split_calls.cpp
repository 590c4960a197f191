#include "costmodel/train/split_calls.hpp"

#include <cstddef>
#include <string>

namespace shardwright {
namespace {

constexpr std::size_t kLeastToSplit = 100;  // rows

std::uint64_t mix(std::uint64_t hash, std::uint64_t value) {
  hash = (hash ^ value) + 0x9e3779b97f4a7c15U;
  hash = (hash ^ (hash >> 30U)) * 0xbf58476d1ce4e5b9U;
  hash = (hash ^ (hash >> 27U)) * 0x94d049bb133111ebU;
  return hash ^ (hash >> 31U);
}

std::uint64_t mix(std::uint64_t hash, const std::string& text) {
  for (const char c : text) hash = mix(hash, static_cast<unsigned char>(c));
  return mix(hash, text.size());
}

// The same for all repeats of a call.
double uniform_of(const CommTiming& row, std::uint64_t seed) {
  std::uint64_t hash = mix(seed, fabric_of(row.setting));
  hash = mix(hash, row.setting.library);
  hash = mix(hash, static_cast<std::uint64_t>(row.call.operation));
  hash = mix(hash, static_cast<std::uint64_t>(row.call.ranks));
  hash = mix(hash, static_cast<std::uint64_t>(row.call.nodes));
  hash = mix(hash, static_cast<std::uint64_t>(mean_bytes(row.call)));  // all ranks of a call
  hash = mix(hash, static_cast<std::uint64_t>(row.call.element_bytes));
  return static_cast<double>(hash >> 11U) * 0x1p-53;
}

}  // namespace

CallSplit split_calls(std::span<const CommTiming> rows, double share, std::uint64_t seed) {
  CallSplit split;
  if (rows.size() < kLeastToSplit) share = 0;
  for (const CommTiming& row : rows) {
    (uniform_of(row, seed) < share ? split.validation : split.training).push_back(row);
  }
  return split;
}

}  // namespace shardwright
