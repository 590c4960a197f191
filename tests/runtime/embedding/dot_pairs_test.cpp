#include "runtime/embedding/dot_pairs.hpp"

#include "runtime/data/splitmix.hpp"
#include "runtime/embedding/simd/kernels.hpp"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace shardwright {
namespace {

using Floats = std::vector<float>;

constexpr std::size_t kSamples = 3;
constexpr std::array<std::size_t, 11> kNumOthers = {1, 2, 3, 4, 7, 15, 16, 17, 26, 33, 40};
constexpr std::array<std::size_t, 12> kDims = {1, 2, 3, 4, 7, 8, 12, 16, 20, 64, 100, 132};

Floats draw(SplitMix64& random, std::size_t size) {
  Floats values(size);
  for (float& value : values) value = static_cast<float>(random.uniform() - 0.5);
  return values;
}

/// Random vectors, and gradients of their rows.
struct Inputs {
  Inputs(std::size_t num_others, std::size_t dim, bool has_first)
      : random(num_others * 1000 + dim) {
    first = draw(random, has_first ? kSamples * dim : 0);
    others = draw(random, kSamples * num_others * dim);
    vectors = {has_first ? first.data() : nullptr, others.data(), kSamples, num_others, dim};
    row_gradients = draw(random, kSamples * vectors.row_width());
  }
  SplitMix64 random;
  Floats first;
  Floats others;
  PairedVectors vectors;
  Floats row_gradients;
};

/// Behind everything lies a value that must stay.
constexpr float kUntouched = -7.0F;

struct Outputs {
  Floats rows;
  Floats first;
  Floats others;
};

Outputs outputs_of(const EmbeddingKernels& kernels, const Inputs& inputs) {
  Outputs out;
  out.rows.assign(inputs.row_gradients.size() + 1, kUntouched);
  out.first.assign(inputs.first.size() + 1, kUntouched);
  out.others.assign(inputs.others.size() + 1, kUntouched);
  Floats scratch(pair_scratch_size(inputs.vectors.per_sample(), inputs.vectors.dim), NAN);
  kernels.dot_pairs(inputs.vectors, out.rows.data(), scratch);
  scratch.assign(scratch.size(), NAN);
  kernels.dot_pair_gradients(inputs.vectors, inputs.row_gradients.data(),
                             {out.first.data(), out.others.data()}, scratch);
  return out;
}

std::vector<std::uint32_t> bits_of(const Floats& values) {
  std::vector<std::uint32_t> bits;
  for (const float value : values) bits.push_back(std::bit_cast<std::uint32_t>(value));
  return bits;
}

/// Two samples of a first vector and two others, of two columns.
TEST(DotPairs, StandBehindTheFirstVector) {
  const Floats first = {1, 2, 3, 4};
  const Floats others = {10, 20, 30, 40, 0.5, 0, 0, 0.25};
  const PairedVectors vectors{first.data(), others.data(), 2, 2, 2};
  Floats rows(2 * vectors.row_width());
  dot_pairs(vectors, rows.data(), {});
  EXPECT_EQ(rows, (Floats{1, 2, 50, 110, 1100, 3, 4, 1.5, 1, 0}));
}

TEST(DotPairs, AreThoseOfTheOthersAloneWithoutAFirstVector) {
  const Floats others = {1, 2, 3, 4, 5, 6};
  const PairedVectors vectors{nullptr, others.data(), 1, 3, 2};
  Floats rows(vectors.row_width());
  dot_pairs(vectors, rows.data(), {});
  EXPECT_EQ(rows, (Floats{11, 17, 39}));
}

TEST(DotPairs, GradientsAreThoseOfTheProducts) {
  const Floats first = {1, 2};
  const Floats others = {10, 20, 30, 40};
  const PairedVectors vectors{first.data(), others.data(), 1, 2, 2};
  const Floats row_gradients = {100, 200, 2, 3, 5};  // of the copy, (1,0), (2,0), (2,1)
  Floats of_first(2);
  Floats of_others(4);
  dot_pair_gradients(vectors, row_gradients.data(), {of_first.data(), of_others.data()}, {});
  EXPECT_EQ(of_first, (Floats{100 + 2 * 10 + 3 * 30, 200 + 2 * 20 + 3 * 40}));
  EXPECT_EQ(of_others, (Floats{2 * 1 + 5 * 30, 2 * 2 + 5 * 40, 3 * 1 + 5 * 10, 3 * 2 + 5 * 20}));
}

TEST(DotPairs, HaveTheBitsOfThePlainKernelsOnEveryInstructionSet) {
  for (const InstructionSet set : instruction_sets()) {
    if (set == InstructionSet::plain) continue;
    for (const std::size_t num_others : kNumOthers) {
      for (const std::size_t dim : kDims) {
        for (const bool has_first : {false, true}) {
          SCOPED_TRACE(std::string(to_string(set)) + ", " + std::to_string(num_others) +
                       " vectors of " + std::to_string(dim) + (has_first ? ", a first one" : ""));
          const Inputs inputs(num_others, dim, has_first);
          const Outputs expected = outputs_of(embedding_kernels(InstructionSet::plain), inputs);
          const Outputs found = outputs_of(embedding_kernels(set), inputs);
          EXPECT_EQ(bits_of(found.rows), bits_of(expected.rows));
          EXPECT_EQ(bits_of(found.first), bits_of(expected.first));
          EXPECT_EQ(bits_of(found.others), bits_of(expected.others));
        }
      }
    }
  }
}

}  // namespace
}  // namespace shardwright
