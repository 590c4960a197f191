#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace shardwright {

/// The parts of a training step, in their order.
enum class StepPhase {
  read,             ///< from the mapped files, check of ids, and the wait for the slowest reader
  input_exchange,   ///< ids and lengths to the ranks that hold their rows
  lookup,           ///< gather and pool
  output_exchange,  ///< pooled embeddings back to the samples' ranks
  dense,            ///< forward and backward of the dense part
  gradient_exchange,
  update,            ///< gradients per row and optimizer of the embeddings
  dense_all_reduce,  ///< sum of the dense gradients over the ranks
  dense_update,
};
inline constexpr std::array<std::string_view, 9> kStepPhaseNames = {
    "read",   "input_exchange",   "lookup",      "output_exchange", "dense", "gradient_exchange",
    "update", "dense_all_reduce", "dense_update"};

/// Milliseconds of each phase.
using PhaseMs = std::array<double, kStepPhaseNames.size()>;

/// What is sent to other ranks in a step.
enum class StepTraffic { input, output, gradient, dense };
inline constexpr std::array<std::string_view, 4> kStepTrafficNames = {"input", "output", "gradient",
                                                                      "dense"};

}  // namespace shardwright
