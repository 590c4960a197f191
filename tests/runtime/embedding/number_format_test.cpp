#include "runtime/embedding/number_format.hpp"

#include "runtime/embedding/rounding_key.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <set>

namespace shardwright {
namespace {

/// What the bits mean by the standards' definition, in double.
double meaning(std::uint32_t bits, int mantissa_bits, int bias) {
  const double sign = bits >> 15 ? -1 : 1;
  const int exponent = static_cast<int>((bits & 0x7FFF) >> mantissa_bits);
  const auto mantissa = static_cast<double>(bits & ((1U << mantissa_bits) - 1));
  const double unit = std::ldexp(1.0, -mantissa_bits);
  if (exponent == 0) return sign * std::ldexp(mantissa * unit, 1 - bias);
  return sign * std::ldexp(1 + mantissa * unit, exponent - bias);
}

struct Bf16Format {
  using Value = Bf16;
  static constexpr std::uint32_t kInfinity = 0x7F80;
  static double meaning_of(std::uint32_t bits) { return meaning(bits, 7, 127); }
  static Value nearest(float value) { return nearest_bf16(value); }
  static Value stochastic(float value, std::uint32_t random) {
    return stochastic_bf16(value, random);
  }
};

struct Fp16Format {
  using Value = Fp16;
  static constexpr std::uint32_t kInfinity = 0x7C00;
  static double meaning_of(std::uint32_t bits) { return meaning(bits, 10, 15); }
  static Value nearest(float value) { return nearest_fp16(value); }
  static Value stochastic(float value, std::uint32_t random) {
    return stochastic_fp16(value, random);
  }
};

template <class Format>
class NumberFormat : public testing::Test {
 protected:
  using Value = typename Format::Value;
  static Value of(std::uint32_t bits) { return {static_cast<std::uint16_t>(bits)}; }
  /// visit(bits) for every finite value, of both signs.
  template <class Visit>
  static void for_each_finite(Visit visit) {
    for (const std::uint32_t sign : {0U, 0x8000U}) {
      for (std::uint32_t magnitude = 0; magnitude < Format::kInfinity; ++magnitude) {
        visit(sign | magnitude);
      }
    }
  }
};

using Formats = testing::Types<Bf16Format, Fp16Format>;
TYPED_TEST_SUITE(NumberFormat, Formats, );

TYPED_TEST(NumberFormat, EveryFiniteValueMeansWhatTheStandardSaysAndComesBack) {
  this->for_each_finite([&](std::uint32_t bits) {
    const float value = to_float(this->of(bits));
    ASSERT_EQ(static_cast<double>(value), TypeParam::meaning_of(bits)) << bits;
    ASSERT_EQ(std::signbit(value), bits >> 15 == 1) << bits;
    ASSERT_EQ(TypeParam::nearest(value).bits, bits);
    ASSERT_EQ(TypeParam::stochastic(value, 0).bits, bits);
    ASSERT_EQ(TypeParam::stochastic(value, ~0U).bits, bits);
  });
}

TYPED_TEST(NumberFormat, InfinityAndNanStay) {
  const float infinity = std::numeric_limits<float>::infinity();
  for (const std::uint32_t random : {0U, ~0U}) {
    EXPECT_EQ(TypeParam::stochastic(infinity, random).bits, TypeParam::kInfinity);
    EXPECT_EQ(TypeParam::stochastic(-infinity, random).bits, TypeParam::kInfinity | 0x8000);
  }
  EXPECT_EQ(TypeParam::nearest(-infinity).bits, TypeParam::kInfinity | 0x8000);
  EXPECT_EQ(to_float(TypeParam::nearest(infinity)), infinity);
  // Quiet and signalling ones, whose mantissa may lie in the bits that are cut off.
  for (const std::uint32_t bits : {0x7FC00000U, 0x7F800001U, 0xFF800001U, 0x7FFFFFFFU}) {
    const float nan = number_format::float_of(bits);
    EXPECT_TRUE(std::isnan(to_float(TypeParam::nearest(nan)))) << bits;
    EXPECT_TRUE(std::isnan(to_float(TypeParam::stochastic(nan, ~0U)))) << bits;
  }
  for (std::uint32_t bits = TypeParam::kInfinity + 1; bits < 0x8000; ++bits) {
    ASSERT_TRUE(std::isnan(to_float(this->of(bits)))) << bits;
  }
}

/// Between any two neighbours: just below, on and just above their middle. Above the largest value
/// the neighbour is what would come next, in whose place stands infinity.
TYPED_TEST(NumberFormat, TakesTheNearestValueAndOfTwoTheEvenOne) {
  this->for_each_finite([&](std::uint32_t bits) {
    const double low = TypeParam::meaning_of(bits);
    const double high = TypeParam::meaning_of(bits + 1);
    const auto middle = static_cast<float>(low + (high - low) / 2);
    const float below = std::nextafter(middle, static_cast<float>(low));
    const float above = std::nextafter(middle, middle * 2);
    ASSERT_EQ(TypeParam::nearest(middle).bits, bits % 2 == 0 ? bits : bits + 1) << bits;
    ASSERT_EQ(TypeParam::nearest(below).bits, bits) << bits;
    ASSERT_EQ(TypeParam::nearest(above).bits, bits + 1) << bits;
  });
}

TYPED_TEST(NumberFormat, BeyondTheLargestIsInfinite) {
  const float largest = std::numeric_limits<float>::max();
  EXPECT_EQ(TypeParam::nearest(largest).bits, TypeParam::kInfinity);
  EXPECT_EQ(TypeParam::nearest(-largest).bits, TypeParam::kInfinity | 0x8000);
  EXPECT_EQ(TypeParam::stochastic(-largest, ~0U).bits, TypeParam::kInfinity | 0x8000);
}

/// Over all values of the random bits that count, the mean is the value itself.
template <class Format>
void expect_unbiased(float value, std::uint32_t lost) {
  const std::uint32_t down = Format::stochastic(value, 0).bits;
  const std::uint32_t cases = 1U << lost;
  double sum = 0;
  for (std::uint32_t random = 0; random < cases; ++random) {
    const std::uint32_t bits = Format::stochastic(value, random | 0x80000000U).bits;
    ASSERT_TRUE(bits == down || bits == down + 1) << value;
    sum += Format::meaning_of(bits);
  }
  EXPECT_EQ(sum / cases, static_cast<double>(value));
}

TEST(Stochastic, TheMeanOverAllRandomBitsIsTheValue) {
  for (const float value : {1.00123F, -3.14159F, 0.1F, 1.1e-20F, 0x1.fffffep10F}) {
    expect_unbiased<Bf16Format>(value, 16);
  }
  for (const float value : {1.00123F, -3.14159F, 0.1F, 0x1.fffffep10F, 65503.9F}) {
    expect_unbiased<Fp16Format>(value, 13);
  }
  expect_unbiased<Fp16Format>(5.43e-5F, 14);    // just below the normal values
  expect_unbiased<Fp16Format>(-1.23e-6F, 19);   // twenty times the smallest value
  expect_unbiased<Fp16Format>(0x1.8p-25F, 24);  // between zero and the smallest value
  EXPECT_EQ(stochastic_fp16(0x1p-33F, ~0U).bits, 0U);
}

TEST(RoundingBits, DependOnTableRowColumnAndStepAlone) {
  std::set<std::uint32_t> seen;
  const std::array keys = {rounding_table_key(1, "a"), rounding_table_key(1, "b"),
                           rounding_table_key(2, "a")};
  std::size_t drawn = 0;
  for (const std::uint64_t key : keys) {
    for (const std::int64_t row : {std::int64_t{0}, std::int64_t{1}, std::int64_t{1} << 33}) {
      for (std::int64_t step = 1; step < 4; ++step, drawn += 8) {
        const std::uint64_t of_row = rounding_row_key(key, row, step);
        for (std::int64_t column = 0; column < 8; ++column) {
          seen.insert(rounding_bits(of_row, column));
        }
      }
    }
  }
  EXPECT_EQ(seen.size(), drawn);
}

/// χ² of the lowest byte, which has 255 degrees of freedom, along columns, rows and steps.
TEST(RoundingBits, AreEvenlySpread) {
  const std::uint64_t key = rounding_table_key(1, "table");
  const auto chi_square = [](auto draw) {
    constexpr int kDraws = 1 << 16;
    std::array<int, 256> counts = {};
    for (int i = 0; i < kDraws; ++i) ++counts[draw(i) & 0xFF];
    double sum = 0;
    for (const int count : counts) sum += (count - 256.0) * (count - 256.0) / 256.0;
    return sum;
  };
  EXPECT_LT(chi_square([&](int i) { return rounding_bits(rounding_row_key(key, 3, 1), i); }), 350);
  EXPECT_LT(chi_square([&](int i) { return rounding_bits(rounding_row_key(key, i, 1), 5); }), 350);
  EXPECT_LT(chi_square([&](int i) { return rounding_bits(rounding_row_key(key, 3, i), 5); }), 350);
}

/// The figures that a program in another language would need to reach.
TEST(RoundingBits, AreThoseOfTheFormula) {
  const std::uint64_t key = rounding_table_key(1, "table");
  const std::uint64_t of_row = rounding_row_key(key, 2, 3);
  EXPECT_EQ(key, 0x1b483f30427c51d6U);
  EXPECT_EQ(of_row, 0x25649411feeaff0U);
  EXPECT_EQ(rounding_bits(of_row, 4), 0xff92b64aU);
}

}  // namespace
}  // namespace shardwright
