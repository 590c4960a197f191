#include "runtime/data/splitmix.hpp"
#include "runtime/model/interaction/interaction_kernels.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cstdint>
#include <string>
#include <vector>

namespace shardwright {
namespace {

using testing::ElementsAre;

// Two samples of a bottom MLP's output and two embeddings, two columns wide.
TEST(DotInteraction, TakesTheProductsOfPairsRowByRow) {
  const std::array<float, 4> bottom = {1, 2, 0, 1};
  const std::array<float, 8> pooled = {3, 4, 5, 6, 1, 0, 0, 2};
  std::vector<float> out(10);

  dot_interaction({bottom.data(), pooled.data(), 2, 2, 2}, out.data());

  EXPECT_THAT(out, ElementsAre(1, 2, 11, 17, 39, 0, 1, 0, 2, 0));
}

TEST(DotInteraction, GivesEachVectorTheOthersByTheGradientOfTheirPair) {
  const std::array<float, 2> bottom = {1, 2};
  const std::array<float, 4> pooled = {3, 4, 5, 6};
  const std::array<float, 5> gradient = {100, 200, 1, 10, -1};
  std::vector<float> of_bottom(2);
  std::vector<float> of_pooled(4);

  dot_interaction_gradients({bottom.data(), pooled.data(), 1, 2, 2}, gradient.data(),
                            {of_bottom.data(), of_pooled.data()});

  EXPECT_THAT(of_bottom, ElementsAre(100 + 3 + 50, 200 + 4 + 60));
  EXPECT_THAT(of_pooled, ElementsAre(1 - 5, 2 - 6, 10 - 3, 20 - 4));
}

TEST(DotInteraction, OfEmbeddingsAloneHasTheirProductsAlone) {
  const std::array<float, 4> pooled = {3, 4, 5, 6};
  const float gradient = 2;
  std::vector<float> out(1);
  std::vector<float> of_pooled(4);
  const InteractionView view{nullptr, pooled.data(), 1, 2, 2};

  dot_interaction(view, out.data());
  dot_interaction_gradients(view, &gradient, {nullptr, of_pooled.data()});

  EXPECT_THAT(out, ElementsAre(39));
  EXPECT_THAT(of_pooled, ElementsAre(10, 12, 6, 8));
}

std::vector<float> draw(SplitMix64& random, std::size_t size) {
  std::vector<float> values(size);
  for (float& value : values) value = static_cast<float>(random.uniform() - 0.5);
  return values;
}

std::vector<std::uint32_t> bits_of(const std::vector<float>& values) {
  std::vector<std::uint32_t> bits;
  bits.reserve(values.size());
  for (const float value : values) bits.push_back(std::bit_cast<std::uint32_t>(value));
  return bits;
}

/// Random vectors, and what kernels make of them.
struct Drawn {
  Drawn(std::size_t samples, std::size_t features, std::size_t dim, bool has_bottom)
      : random(samples + features * 100 + dim * 10'000),
        bottom(draw(random, samples * dim)),
        pooled(draw(random, samples * features * dim)),
        view{has_bottom ? bottom.data() : nullptr, pooled.data(), samples, features, dim},
        gradient(draw(random, samples * view.width())) {}

  /// Outputs, gradients of the bottom MLP's output and of the embeddings, one after the other.
  std::vector<std::uint32_t> bits(InstructionSet set) const {
    std::vector<float> values(gradient.size() + bottom.size() + pooled.size());
    float* const of_bottom = values.data() + gradient.size();
    interaction_kernels(set).dot_interaction(view, values.data());
    interaction_kernels(set).dot_interaction_gradients(view, gradient.data(),
                                                       {of_bottom, of_bottom + bottom.size()});
    return bits_of(values);
  }

  SplitMix64 random;
  std::vector<float> bottom;
  std::vector<float> pooled;
  InteractionView view;
  std::vector<float> gradient;
};

class OfAnyShape : public testing::TestWithParam<InstructionSet> {};

TEST_P(OfAnyShape, HasTheBitsOfThePlainKernel) {
  for (const std::size_t features : {2U, 3U, 4U, 15U, 16U, 26U, 33U}) {
    for (const std::size_t dim : {1U, 3U, 4U, 7U, 8U, 16U, 20U, 33U, 64U, 100U, 128U}) {
      for (const bool has_bottom : {false, true}) {
        const Drawn drawn(3, features, dim, has_bottom);
        ASSERT_EQ(drawn.bits(GetParam()), drawn.bits(InstructionSet::plain))
            << features << " features of " << dim << " columns, bottom: " << has_bottom;
      }
    }
  }
}

TEST_P(OfAnyShape, TakesNoSamples) {
  const Drawn drawn(0, 3, 4, true);
  EXPECT_TRUE(drawn.bits(GetParam()).empty());
}

INSTANTIATE_TEST_SUITE_P(InteractionKernels, OfAnyShape, testing::ValuesIn(instruction_sets()),
                         [](const auto& set) { return std::string(to_string(set.param)); });

}  // namespace
}  // namespace shardwright
