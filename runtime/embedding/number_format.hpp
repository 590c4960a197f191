#pragma once

#include "runtime/device/host_device.hpp"

#include <bit>
#include <cstdint>

// The 16-bit formats of weights and of messages, the same bits on every device.
// docs/training_math.md, "Number formats".

namespace shardwright {

/// A value in bfloat16: the upper half of a float.
struct Bf16 {
  std::uint16_t bits = 0;
  friend bool operator==(const Bf16&, const Bf16&) = default;
};

/// A value in IEEE 754 binary16.
struct Fp16 {
  std::uint16_t bits = 0;
  friend bool operator==(const Fp16&, const Fp16&) = default;
};

namespace number_format {

inline constexpr std::uint32_t kSign = 0x80000000;
inline constexpr std::uint32_t kInfinity = 0x7F800000;
inline constexpr std::uint32_t kFp16Infinity = 0x7C00;
inline constexpr std::uint32_t kSmallestNormalFp16 = 0x38800000;  // 2^-14 as a float
inline constexpr std::uint32_t kImplicitBit = 0x00800000;
inline constexpr std::uint32_t kFp16Bias = 0x38000000;  // between the exponents of the formats

SHARDWRIGHT_HOST_DEVICE inline std::uint32_t bits_of(float value) {
#ifdef __CUDA_ARCH__
  return __float_as_uint(value);
#else
  return std::bit_cast<std::uint32_t>(value);
#endif
}

SHARDWRIGHT_HOST_DEVICE inline float float_of(std::uint32_t bits) {
#ifdef __CUDA_ARCH__
  return __uint_as_float(bits);
#else
  return std::bit_cast<float>(bits);
#endif
}

/// What to add before the lowest `lost` bits are cut off, so that the nearest value is left, of two
/// the even one.
SHARDWRIGHT_HOST_DEVICE inline std::uint32_t to_nearest(std::uint32_t bits, std::uint32_t lost) {
  return (1U << (lost - 1)) - 1 + (bits >> lost & 1U);
}

/// The same for a value above or below by chance: `random` has 32 random bits.
SHARDWRIGHT_HOST_DEVICE inline std::uint32_t by_chance(std::uint32_t random, std::uint32_t lost) {
  return random & ((1U << lost) - 1);
}

/// A float's bits without sign, in the units in which fp16 values of its size are whole numbers
/// once `lost` bits are cut off. Nothing is left of values with more than kMostLost.
struct Fp16Scaled {
  std::uint32_t bits = 0;
  std::uint32_t lost = 0;
};
inline constexpr std::uint32_t kMostLost = 31;

SHARDWRIGHT_HOST_DEVICE inline Fp16Scaled scale_for_fp16(std::uint32_t magnitude) {
  if (magnitude >= kSmallestNormalFp16) {
    return {magnitude - kFp16Bias, 13};
  }
  return {(magnitude & (kImplicitBit - 1)) | kImplicitBit, 126 - (magnitude >> 23)};
}

/// The sign and the rounded magnitude, at most infinity; a NaN stays one.
SHARDWRIGHT_HOST_DEVICE inline Fp16 assemble_fp16(std::uint32_t value, std::uint32_t rounded) {
  const std::uint32_t magnitude = value & ~kSign;
  std::uint32_t result = rounded < kFp16Infinity ? rounded : kFp16Infinity;
  if (magnitude >= kInfinity)
    result = magnitude > kInfinity ? kFp16Infinity | 0x200 : kFp16Infinity;
  return {static_cast<std::uint16_t>((value & kSign) >> 16 | result)};
}

}  // namespace number_format

/// Exact.
SHARDWRIGHT_HOST_DEVICE inline float to_float(Bf16 value) {
  return number_format::float_of(static_cast<std::uint32_t>(value.bits) << 16);
}

/// Exact.
SHARDWRIGHT_HOST_DEVICE inline float to_float(Fp16 value) {
  const std::uint32_t sign = static_cast<std::uint32_t>(value.bits & 0x8000) << 16;
  const std::uint32_t magnitude = value.bits & 0x7FFFU;
  if (magnitude >= number_format::kFp16Infinity) {
    return number_format::float_of(sign | number_format::kInfinity | (magnitude & 0x3FFU) << 13);
  }
  const std::uint32_t shifted = (magnitude << 13) + number_format::kFp16Bias;
  if (magnitude >= 0x400) return number_format::float_of(sign | shifted);
  const float positive = number_format::float_of(shifted + number_format::kImplicitBit) - 0x1p-14F;
  return number_format::float_of(sign | number_format::bits_of(positive));
}

/// The nearest bf16 value, of two the even one; what lies beyond the largest is infinite; a NaN
/// stays one.
SHARDWRIGHT_HOST_DEVICE inline Bf16 nearest_bf16(float value) {
  const std::uint32_t bits = number_format::bits_of(value);
  if ((bits & ~number_format::kSign) > number_format::kInfinity) {
    return {static_cast<std::uint16_t>(bits >> 16 | 0x40U)};
  }
  return {static_cast<std::uint16_t>((bits + number_format::to_nearest(bits, 16)) >> 16)};
}

/// The nearest fp16 value, of two the even one; from 65520 on infinity; a NaN stays one.
SHARDWRIGHT_HOST_DEVICE inline Fp16 nearest_fp16(float value) {
  const std::uint32_t bits = number_format::bits_of(value);
  const auto [scaled, lost] = number_format::scale_for_fp16(bits & ~number_format::kSign);
  const std::uint32_t rounded = lost > number_format::kMostLost
                                    ? 0
                                    : (scaled + number_format::to_nearest(scaled, lost)) >> lost;
  return number_format::assemble_fp16(bits, rounded);
}

/// One of the two bf16 values around `value`, the nearer one the likelier, so that the mean over
/// `random`'s lower 16 bits is `value`. A bf16 value, infinity and NaN stay what they are.
SHARDWRIGHT_HOST_DEVICE inline Bf16 stochastic_bf16(float value, std::uint32_t random) {
  const std::uint32_t bits = number_format::bits_of(value);
  if ((bits & ~number_format::kSign) >= number_format::kInfinity) return nearest_bf16(value);
  return {static_cast<std::uint16_t>((bits + number_format::by_chance(random, 16)) >> 16)};
}

/// The same for fp16, which takes `random`'s lower 13 bits, more below 2^-14; below 2^-32 the
/// result is zero.
SHARDWRIGHT_HOST_DEVICE inline Fp16 stochastic_fp16(float value, std::uint32_t random) {
  const std::uint32_t bits = number_format::bits_of(value);
  const auto [scaled, lost] = number_format::scale_for_fp16(bits & ~number_format::kSign);
  const std::uint32_t rounded = lost > number_format::kMostLost
                                    ? 0
                                    : (scaled + number_format::by_chance(random, lost)) >> lost;
  return number_format::assemble_fp16(bits, rounded);
}

/// A bijection of 64-bit numbers that scatters them.
SHARDWRIGHT_HOST_DEVICE inline std::uint64_t scatter(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

/// What all columns of a row share in one step's rounding: `row` counts the table's rows, `step`
/// from 1. `table_key` depends on seed and table name (rounding_table_key()).
SHARDWRIGHT_HOST_DEVICE inline std::uint64_t rounding_row_key(std::uint64_t table_key,
                                                              std::int64_t row, std::int64_t step) {
  constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15;
  const std::uint64_t of_row = scatter(table_key + (static_cast<std::uint64_t>(row) + 1) * kGolden);
  return scatter(of_row + static_cast<std::uint64_t>(step) * kGolden);
}

/// 32 random bits for one column of the table in that row and step, so that rounding does not
/// depend on where the weight lies.
SHARDWRIGHT_HOST_DEVICE inline std::uint32_t rounding_bits(std::uint64_t row_key,
                                                           std::int64_t column) {
  auto x = static_cast<std::uint32_t>(row_key) + static_cast<std::uint32_t>(column) * 0x9e3779b9U;
  x = (x ^ x >> 16 ^ static_cast<std::uint32_t>(row_key >> 32)) * 0x7feb352dU;
  x = (x ^ x >> 15) * 0x846ca68bU;
  return x ^ x >> 16;
}

}  // namespace shardwright
