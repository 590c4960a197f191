#pragma once

#include "planner/plan.hpp"
#include "planner/unique_rows_choice.hpp"
#include "runtime/bench/bench_result.hpp"
#include "runtime/comm/communication_thread.hpp"
#include "runtime/comm/communicator.hpp"
#include "runtime/device/backend.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace shardwright {

struct BenchOptions {
  std::int64_t steps = 20;
  std::int64_t warmup_steps = 3;                ///< before them, not counted
  double patience_s = 0;                        ///< for steps at quiet moments: run_bench()
  std::optional<OptimizerKind> optimizer;       ///< for every table; unset: each table's own
  std::optional<UniqueRowsChoice> unique_rows;  ///< unset: as the plan says
  double zipf = 1.05;                           ///< skew of the synthetic ids
  std::int64_t batch_size = 0;                  ///< global; 0: the plan's
  bool dense = false;        ///< also train a DLRM's dense part, run_bench() says which
  std::int64_t threads = 1;  ///< per rank, of look-up, update and LibTorch
  bool overlap = false;      ///< of exchanges and computing, where ranks do not take turns
  CommunicationThread communication_thread = CommunicationThread::automatic;  ///< with overlap
  bool without_phases = false;  ///< also time steps that leave out a phase, for each
  std::uint64_t seed = 1;
  BackendOptions backend = {};
  bool may_take_turns = false;  ///< the communicator is what take_turns() asks for
};

/// The plan with the options' optimizer, batch size and unique rows; where these are not the plan's
/// own, its predictions are made anew by its own cost model. Throws InputError, or UsageError if
/// that model is not to be had.
Plan plan_to_bench(Plan plan, const BenchOptions& options);

/// Trains on synthetic batches (synthetic_batches.hpp) that are made between the timed steps.
/// `plan` is what plan_to_bench() made. The dense part, if any, is that of a DLRM of 13 dense
/// features, bottom 13-64-D and top 128-64-1.
///
/// With patience, steps go on until as many as asked for were at moments at which nobody else used
/// the machine's cores and memory, or so many seconds have passed; these, or the least disturbed
/// ones, are the result's. To tell them takes 320 MB a rank, beside the memory that is measured.
///
/// Steps without a phase (RankModel::leave_out()) come after the others, as many for each phase
/// that a step has, at a learning rate of 0.
///
/// A step's time is the slowest rank's. Where the only host has more ranks than cores,
/// ranks take turns (turns.hpp), if they may, and a step's time is the sum over its phases of the
/// slowest rank's; not on GPUs. The same result on every rank. Blocks.
BenchResult run_bench(Communicator& comm, const Plan& plan, const BenchOptions& options);

/// The same of several plans that are all in memory at once and take a step each in turns, another
/// one first every time: what disturbs the machine disturbs all of them. step_ms[i] of all results
/// are of the same turn, unless ranks take turns. Memory is measured of one plan alone. Throws
/// UsageError for several plans with overlap, or of different workloads. One result for each plan.
std::vector<BenchResult> run_benches(Communicator& comm, std::span<const Plan> plans,
                                     const BenchOptions& options);

}  // namespace shardwright
