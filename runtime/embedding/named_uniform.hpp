#pragma once

#include "runtime/device/host_device.hpp"

#include <cstdint>
#include <string_view>

namespace shardwright {

/// Uniform values that depend on nothing but (seed, name, row, column), so that every rank can make
/// its own part of a table or layer. Formula: docs/training_math.md, "Initial weights".
class NamedUniform {
 public:
  NamedUniform(std::uint64_t seed, std::string_view name) : named_seed_(mix(seed ^ fnv1a(name))) {}

  /// What all rows share.
  std::uint64_t key() const { return named_seed_; }

  /// What all columns of a row share.
  SHARDWRIGHT_HOST_DEVICE std::uint64_t row_key(std::int64_t row) const {
    return mix(named_seed_ + (static_cast<std::uint64_t>(row) + 1) * kGolden);
  }

  /// In [-scale, scale).
  SHARDWRIGHT_HOST_DEVICE static float value(std::uint64_t row_key, std::int64_t column,
                                             float scale) {
    const std::uint64_t hash = mix(row_key + (static_cast<std::uint64_t>(column) + 1) * kGolden);
    // 24 bits: every step up to the last product is exact in float.
    const float unit = static_cast<float>(static_cast<std::int32_t>(hash >> 40)) * 0x1p-24F;
    return (2.0F * unit - 1.0F) * scale;
  }

 private:
  static constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15;

  static std::uint64_t fnv1a(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return hash;
  }

  SHARDWRIGHT_HOST_DEVICE static std::uint64_t mix(std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
  }

  std::uint64_t named_seed_;
};

}  // namespace shardwright
