#pragma once

#include "costmodel/machine_probe.hpp"
#include "runtime/comm/communicator.hpp"
#include "runtime/embedding/sharded_embeddings.hpp"
#include "runtime/metrics/phase_report.hpp"
#include "runtime/metrics/step_phase.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace shardwright {

/// What one rank has to say of a step.
struct StepReport {
  double loss_sum = 0;       ///< over this rank's samples
  double seconds = 0;        ///< from the first phase to the last
  double gradient_norm = 0;  ///< of all gradients, where they are clipped
  std::int64_t samples = 0;
  bool wants_checkpoint = false;  ///< after this step
  PhaseMs phase_ms{};
  std::array<std::int64_t, kStepTrafficNames.size()> bytes_sent{};
  std::int64_t resident_bytes = 0;  ///< of the rank's process, after a step that is reported
  MachineProbe probe;               ///< before the step, where its times are recorded

  double& ms(StepPhase phase) { return phase_ms[static_cast<std::size_t>(phase)]; }
  std::int64_t& bytes(StepTraffic kind) { return bytes_sent[static_cast<std::size_t>(kind)]; }
};

/// The same over all ranks, the same on every rank.
struct StepStatistics {
  double loss_sum = 0;            ///< added in rank order
  double seconds = 0;             ///< of the slowest rank
  double gradient_norm = 0;       ///< of one step; not summed
  bool wants_checkpoint = false;  ///< any rank does
  PhaseMs mean_ms{};
  PhaseMs max_ms{};
  std::vector<std::array<std::int64_t, kStepTrafficNames.size()>> bytes_of_ranks;
  std::array<std::int64_t, kStepTrafficNames.size()> max_bytes{};
  PhaseReport phases;               ///< every rank's; of this process' own steps alone
  std::int64_t resident_bytes = 0;  ///< of the fullest rank, after the last step
  std::size_t fullest = 0;          ///< that rank

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
