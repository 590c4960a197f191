#pragma once

#include "runtime/comm/communicator.hpp"
#include "runtime/embedding/sharded_embeddings.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

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

/// What is sent to other ranks in a step.
enum class StepTraffic { input, output, gradient, dense };
inline constexpr std::array<std::string_view, 4> kStepTrafficNames = {"input", "output", "gradient",
                                                                      "dense"};

/// What one rank has to say of a step.
struct StepReport {
  double loss_sum = 0;       ///< over this rank's samples
  double seconds = 0;        ///< from the first phase to the last
  double gradient_norm = 0;  ///< of all gradients, where they are clipped
  std::int64_t samples = 0;
  bool wants_checkpoint = false;  ///< after this step
  std::array<double, kStepPhaseNames.size()> phase_ms{};
  std::array<std::int64_t, kStepTrafficNames.size()> bytes_sent{};

  double& ms(StepPhase phase) { return phase_ms[static_cast<std::size_t>(phase)]; }
  std::int64_t& bytes(StepTraffic kind) { return bytes_sent[static_cast<std::size_t>(kind)]; }
};

/// The same over all ranks, the same on every rank.
struct StepStatistics {
  double loss_sum = 0;            ///< added in rank order
  double seconds = 0;             ///< of the slowest rank
  double gradient_norm = 0;       ///< of one step; not summed
  bool wants_checkpoint = false;  ///< any rank does
  std::array<double, kStepPhaseNames.size()> mean_ms{};
  std::array<double, kStepPhaseNames.size()> max_ms{};
  std::vector<std::array<std::int64_t, kStepTrafficNames.size()>> bytes_of_ranks;
  std::array<std::int64_t, kStepTrafficNames.size()> max_bytes{};

  /// Adds another step's figures: sums over steps.
  StepStatistics& operator+=(const StepStatistics& other);
};

/// Of one step of all ranks, in rank order; at least one.
StepStatistics statistics_of(std::span<const StepReport> ranks);

/// Fills in what the embeddings measured themselves.
void add_phases(const EmbeddingPhases& phases, StepReport& report);

// Means over `steps` steps, as metrics.jsonl has them:
/// {"read":{"mean","max"}, …}
nlohmann::json phase_ms_json(const StepStatistics& sums, std::int64_t steps);
/// {"input" (rank 0's), "input_max", "input_ranks" (all), "output", …}
nlohmann::json bytes_sent_json(const StepStatistics& sums, std::int64_t steps);

}  // namespace shardwright
