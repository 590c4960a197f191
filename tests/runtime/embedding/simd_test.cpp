// The kernels of every instruction set give the bits of the plain ones.

#include "runtime/data/splitmix.hpp"
#include "runtime/embedding/line_vector.hpp"
#include "runtime/embedding/lookup.hpp"
#include "runtime/embedding/simd/kernels.hpp"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cstdlib>
#include <string>
#include <vector>

namespace shardwright {
namespace {

constexpr std::array kWidths = {1, 3, 4, 7, 8, 12, 16, 20, 44, 64, 100, 124, 128, 132, 260};
constexpr std::array kFormats = {DataType::fp32, DataType::bf16, DataType::fp16};
constexpr std::int64_t kRows = 50;
constexpr std::int64_t kSamples = 40;
constexpr std::size_t kFeatures = 2;

std::vector<std::uint32_t> bits_of(std::span<const float> values) {
  std::vector<std::uint32_t> bits;
  for (const float value : values) bits.push_back(std::bit_cast<std::uint32_t>(value));
  return bits;
}

/// Random values of either sign, some of them zero.
std::vector<float> draw_values(SplitMix64& random, std::size_t size, double scale) {
  std::vector<float> values(size);
  for (float& value : values) {
    if (random.below(16) > 0) value = static_cast<float>(scale * (random.uniform() - 0.5));
  }
  return values;
}

/// Rows of one table, in any format, with state for any optimizer.
struct Memory {
  Memory(DataType dtype, std::int64_t columns, SplitMix64& random)
      : weights(draw_values(random, static_cast<std::size_t>(kRows * columns), 2.0)),
        state(draw_values(random, static_cast<std::size_t>(kRows * 2 * columns), 1.0)) {
    for (float& value : state) value = std::abs(value);
    if (dtype == DataType::fp32) return;
    for (const float w : weights) {
      weights16.push_back(dtype == DataType::bf16 ? nearest_bf16(w).bits : nearest_fp16(w).bits);
    }
    weights.clear();
  }
  std::vector<float> weights;
  std::vector<std::uint16_t> weights16;
  std::vector<float> state;
};

ShardRows rows_of(Memory& memory, DataType dtype, std::size_t width, std::size_t state_width) {
  ShardRows rows;
  rows.weights = memory.weights;
  rows.weights16 = memory.weights16;
  rows.state = std::span(memory.state).first(static_cast<std::size_t>(kRows) * state_width);
  rows.width = width;
  rows.state_width = state_width;
  rows.dtype = dtype;
  rows.rounding_key = 99;
  rows.first_row = 1000;
  rows.first_column = 8;
  return rows;
}

/// Bags of no, one and many ids, some rows of which are hot.
std::vector<Bags> draw_bags(SplitMix64& random, bool weighted) {
  std::vector<Bags> features(kFeatures);
  for (Bags& bags : features) {
    for (std::int64_t n = 0; n < kSamples; ++n) {
      const std::uint64_t length = n == 7 ? 90 : random.below(5);
      bags.lengths.push_back(static_cast<std::int32_t>(length));
      for (std::uint64_t i = 0; i < length; ++i) {
        const bool is_hot = random.below(3) == 0;
        bags.ids.push_back(static_cast<std::int64_t>(random.below(is_hot ? 5 : kRows)));
        if (weighted) bags.weights.push_back(static_cast<float>(random.uniform() - 0.5));
      }
    }
  }
  return features;
}

BagsView view(const Bags& bags) { return {bags.lengths, bags.ids, bags.weights}; }

std::string told(InstructionSet set, DataType dtype, std::size_t width) {
  return std::string(to_string(set)) + ", " + std::string(to_string(dtype)) + ", " +
         std::to_string(width) + " columns";
}

/// claim(set, dtype, width) for every combination but the oracle's.
template <class Claim>
void for_each_case(Claim claim) {
  for (const InstructionSet set : instruction_sets()) {
    if (set == InstructionSet::plain) continue;
    for (const DataType dtype : kFormats) {
      for (const int width : kWidths) {
        SCOPED_TRACE(told(set, dtype, static_cast<std::size_t>(width)));
        claim(set, dtype, static_cast<std::size_t>(width));
      }
    }
  }
}

std::vector<std::uint32_t> pooled_bits(InstructionSet set, DataType dtype, std::size_t width,
                                       PoolingMode mode, bool weighted, std::size_t stride) {
  SplitMix64 random(width);
  Memory memory(dtype, static_cast<std::int64_t>(width), random);
  const Bags bags = draw_bags(random, weighted).front();
  LineVector<float> out(static_cast<std::size_t>(kSamples) * stride, -7.0F);
  embedding_kernels(set).pool_bags(view(bags), mode, rows_of(memory, dtype, width, 0).to_read(),
                                   out.data(), static_cast<std::int64_t>(stride));
  return bits_of(out);
}

TEST(EveryInstructionSet, PoolsAsThePlainKernelDoes) {
  for_each_case([](InstructionSet set, DataType dtype, std::size_t width) {
    for (const PoolingMode mode : {PoolingMode::sum, PoolingMode::mean}) {
      for (const bool weighted : {false, true}) {
        EXPECT_EQ(pooled_bits(set, dtype, width, mode, weighted, width + 3),
                  pooled_bits(InstructionSet::plain, dtype, width, mode, weighted, width + 3));
      }
    }
  });
}

/// More than caches hold, so that whole lines go past them.
TEST(EveryInstructionSet, PoolsIntoMuchMemoryAsThePlainKernelDoes) {
  constexpr std::size_t kStride = 16384;
  static_assert(kSamples * kStride * sizeof(float) > std::size_t{1} << 21);
  for_each_case([](InstructionSet set, DataType dtype, std::size_t width) {
    const auto pooled = [&](InstructionSet by) {
      return pooled_bits(by, dtype, width, PoolingMode::mean, true, kStride);
    };
    EXPECT_TRUE(pooled(set) == pooled(InstructionSet::plain));
  });
}

/// Weights and state after an update of all groups but the first and the last.
struct Updated {
  std::vector<std::uint32_t> weights;
  std::vector<std::uint16_t> weights16;
  std::vector<std::uint32_t> state;
  bool operator==(const Updated&) const = default;
};

struct UpdateCase {
  OptimizerKind optimizer = OptimizerKind::sgd;
  OptimizerSettings settings = {};
  float gradient_scale = 1;
  bool has_sums = false;  ///< of squares, from elsewhere
};

/// A batch's gradients and how they are applied.
struct UpdateInputs {
  UpdateInputs(DataType dtype, std::size_t width, const UpdateCase& c)
      : random(width),
        columns(static_cast<std::int64_t>(width)),
        stride(kFeatures * width + 5),
        settings(c.settings),
        memory(dtype, columns, random) {
    const std::vector<Bags> features = draw_bags(random, true);
    const std::vector<InputSource> sources = {
        {.row_begin = 0, .samples = kSamples, .features = {view(features[0]), view(features[1])}}};
    groups.build(sources, 0, kFeatures, PoolingMode::mean, kRows);
    gradients = draw_values(random, static_cast<std::size_t>(kSamples) * stride, 0.1);
    sums.assign(c.has_sums ? groups.size() : 0, 0.25);
    table.dim = columns;
    table.optimizer = c.optimizer;
    scratch.resize(scratch_size(width));
    const auto state = static_cast<std::size_t>(state_width(c.optimizer, c.settings, columns));
    rows = rows_of(memory, dtype, width, state);
  }

  GradientView view_of_gradients() const {
    return {gradients.data(), static_cast<std::int64_t>(stride), 2, columns};
  }
  GroupRange all_but_the_ends() const { return {1, groups.size() - 1}; }
  UpdateTask task() {
    return {rows, rule, groups, all_but_the_ends(), view_of_gradients(), sums, scratch, kept};
  }

  SplitMix64 random;
  std::int64_t columns;
  std::size_t stride;
  OptimizerSettings settings;
  Memory memory;
  RowGroups groups;
  std::vector<float> gradients;
  std::vector<double> sums;
  std::vector<float> scratch;
  std::vector<float> kept;
  Table table;
  ShardRows rows;
  UpdateRule rule{table, settings, {}};
};

Updated update_with(InstructionSet set, DataType dtype, std::size_t width, const UpdateCase& c) {
  UpdateInputs in(dtype, width, c);
  in.rule.step = {0.05F, c.gradient_scale, 3};
  embedding_kernels(set).update_rows(in.task());
  return {bits_of(in.memory.weights), in.memory.weights16, bits_of(in.memory.state)};
}

std::vector<UpdateCase> update_cases() {
  std::vector<UpdateCase> cases;
  for (const OptimizerKind optimizer :
       {OptimizerKind::sgd, OptimizerKind::adagrad, OptimizerKind::rowwise_adagrad,
        OptimizerKind::adam, OptimizerKind::rowwise_adam, OptimizerKind::ftrl}) {
    cases.push_back({.optimizer = optimizer});
    UpdateCase& adjusted = cases.emplace_back(cases.back());
    adjusted.settings = {
        .momentum = 0.9F, .weight_decay = 0.01F, .ftrl_l1 = 0.02F, .ftrl_l2 = 0.1F};
    adjusted.gradient_scale = 0.7F;
    adjusted.has_sums = has_row_statistic(optimizer);
  }
  return cases;
}

TEST(EveryInstructionSet, UpdatesAsThePlainKernelDoes) {
  for_each_case([](InstructionSet set, DataType dtype, std::size_t width) {
    for (const UpdateCase& c : update_cases()) {
      EXPECT_TRUE(update_with(set, dtype, width, c) ==
                  update_with(InstructionSet::plain, dtype, width, c))
          << to_string(c.optimizer) << (c.gradient_scale == 1.0F ? "" : ", adjusted");
    }
  });
}

/// Σ g² of each group, what was kept for the update after it, and what that update made.
struct TwoPasses {
  std::vector<double> squares;
  std::vector<std::uint32_t> kept;
  Updated updated;
  bool operator==(const TwoPasses&) const = default;
};

TwoPasses two_passes(InstructionSet set, DataType dtype, std::size_t width, const UpdateCase& c,
                     bool keeps) {
  UpdateInputs in(dtype, width, c);
  in.rule.step = {0.05F, c.gradient_scale, 3};
  if (keeps) in.kept.resize(kept_floats(in.groups, in.all_but_the_ends(), width));
  EXPECT_TRUE(!keeps || !in.kept.empty()) << "no row has enough occurrences";
  std::vector<double> squares(in.groups.size());
  embedding_kernels(set).sum_row_squares(in.task(), squares);
  in.sums = squares;
  const std::vector<std::uint32_t> kept = bits_of(in.kept);
  embedding_kernels(set).update_rows(in.task());
  return {
      squares, kept, {bits_of(in.memory.weights), in.memory.weights16, bits_of(in.memory.state)}};
}

TEST(EveryInstructionSet, SumsSquaresAndUpdatesAsThePlainKernelDoes) {
  for_each_case([](InstructionSet set, DataType dtype, std::size_t width) {
    for (const UpdateCase& c : update_cases()) {
      if (!has_row_statistic(c.optimizer)) continue;
      const TwoPasses plain = two_passes(InstructionSet::plain, dtype, width, c, true);
      EXPECT_TRUE(two_passes(set, dtype, width, c, true) == plain);
      EXPECT_TRUE(two_passes(set, dtype, width, c, false).updated == plain.updated);
    }
  });
}

/// Else the comparisons above would hold of kernels that do nothing.
TEST(ThePlainKernel, ChangesWhatItIsToldTo) {
  for (const UpdateCase& c : update_cases()) {
    SplitMix64 random(16);
    const Memory before(DataType::fp32, 16, random);
    const Updated after = update_with(InstructionSet::plain, DataType::fp32, 16, c);
    std::size_t changed = 0;
    const std::vector<std::uint32_t> old = bits_of(before.weights);
    for (std::size_t i = 0; i < old.size(); ++i) changed += after.weights[i] != old[i] ? 1U : 0U;
    EXPECT_GT(changed, old.size() / 2) << to_string(c.optimizer);
    EXPECT_TRUE(std::equal(old.begin(), old.begin() + 16, after.weights.begin())) << "first group";
  }
}

TEST(InstructionSets, CanBeChosen) {
  EXPECT_EQ(instruction_sets().front(), InstructionSet::plain);
  for (const InstructionSet set : instruction_sets()) {
    setenv("SHARDWRIGHT_INSTRUCTION_SET", std::string(to_string(set)).c_str(), 1);
    EXPECT_EQ(chosen_instruction_set(), set);
  }
  setenv("SHARDWRIGHT_INSTRUCTION_SET", "mmx", 1);
  EXPECT_THROW(chosen_instruction_set(), std::exception);
  unsetenv("SHARDWRIGHT_INSTRUCTION_SET");
  EXPECT_EQ(chosen_instruction_set(), instruction_sets().back());
}

}  // namespace
}  // namespace shardwright
