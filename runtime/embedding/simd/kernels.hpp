#pragma once

#include "costmodel/table.hpp"
#include "runtime/embedding/shard_update.hpp"
#include "runtime/embedding/weight_rows.hpp"
#include "runtime/exchange/input_exchange.hpp"
#include "runtime/simd/instruction_set.hpp"

#include <cstdint>
#include <span>

namespace shardwright {

/// The functions that the time of a look-up or update goes into, compiled for one instruction set.
/// They do what pool_bags() (lookup.hpp), sum_gradients(), sum_row_squares() and update_rows()
/// (shard_update.hpp) do, to the bit.
struct EmbeddingKernels {
  void (*pool_bags)(const BagsView& bags, PoolingMode mode, const WeightRows& rows, float* out,
                    std::int64_t stride);
  void (*sum_gradients)(std::span<const Occurrence> group, const GradientView& gradients,
                        std::span<float> gradient);
  void (*sum_row_squares)(const UpdateTask& task, std::span<double> sums);
  void (*update_rows)(const UpdateTask& task);
};

/// `set` must be one of instruction_sets().
const EmbeddingKernels& embedding_kernels(InstructionSet set);

/// Those of chosen_instruction_set(), which is asked once.
const EmbeddingKernels& embedding_kernels();

}  // namespace shardwright
