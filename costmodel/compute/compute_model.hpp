#pragma once

#include "costmodel/compute/shard_features.hpp"
#include "costmodel/neural/comm_model.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace shardwright {

/// y = weights · x + bias.
struct DenseLayer {
  std::size_t inputs = 0;
  std::vector<double> weights;  ///< [output][input]
  std::vector<double> bias;     ///< [output]
};

enum class ComputeArchitecture {
  roofline_residual,  ///< nets that correct a fitted roofline
  neuroshard,         ///< NeuroShard's exact form, for comparison
};
std::string_view to_string(ComputeArchitecture architecture);
ComputeArchitecture parse_compute_architecture(std::string_view name);

/// Milliseconds per unit of WorkTerms; the last value is of a call of the operator, whatever it
/// does.
struct Roofline {
  std::vector<double> forward;
  std::vector<double> backward;
};

/// What a model was trained on: outside of it, it guesses.
struct ComputeTraining {
  std::size_t rows = 0;
  std::string data_fingerprint;
  std::set<std::string> hardware;
  std::set<std::string> formats;        ///< of weights; empty: not known, as in older files
  std::set<std::string> optimizers;     ///< the same
  std::map<std::string, Range> ranges;  ///< of table_rows, dim, pooling, batch, tables, busy_ranks
};

/// Prices the tables of one rank: each shard goes through the encoder, the codes are summed, the
/// head turns the sum into times. Formulas: docs/cost_model_compute.md.
struct ComputeModel {
  std::string name;
  std::string device = "cpu";
  ComputeArchitecture architecture = ComputeArchitecture::roofline_residual;
  /// Of the machine that the roofline and nets are relative to; unknown: of none, all machines are
  /// taken to be as fast.
  MachineProbe reference;
  MachineProbe usual;             ///< of the machine that is priced where nobody says which
  std::vector<double> mean;       ///< of the features, subtracted
  std::vector<double> deviation;  ///< then divided by
  Roofline roofline;
  std::vector<DenseLayer> encoder;
  std::vector<DenseLayer> head;
  ComputeTraining training;
  StatedError error;
  /// Constants of other cost models, fitted to the same timings: "analytic", "torchrec",
  /// "roofline".
  std::map<std::string, Roofline> rivals;
};

struct ComputeTimes {
  double forward_ms = 0;
  double backward_ms = 0;  ///< 0 where a net prices both as one, in forward_ms
  double total_ms() const { return forward_ms + backward_ms; }
};

/// Parts of a state of roofline_residual; the codes follow.
enum StatePart : std::size_t {
  state_forward_ms,
  state_backward_ms,
  state_shards,
  state_touched,
  state_output,  ///< bytes of the matrix of pooled values
  state_ragged,  ///< shards whose rows there do not fill lines
  state_codes
};
constexpr std::size_t kNumCodes = 6;
/// Of a head, the last ones: bytes of pooled values, and where they go past the caches, roughly
/// what of the look-ups' time their writing takes.
constexpr std::size_t kNumOutputInputs = 2;
/// How far encoder and head may move the natural logarithm of a time.
constexpr double kMostShardCorrection = 1.5;
constexpr double kMostRankCorrection = 0.7;

std::size_t state_size(const ComputeModel& model);
/// What a rank computes under.
struct Conditions {
  double busy_ranks = 1;  ///< that compute at the same time on its memory
  double sources = 1;     ///< ranks whose samples it looks up, each by itself
  MachineSpeeds speeds;   ///< of its machine
};

/// Of a machine (unknown: the model's usual one) over the model's reference; no difference where
/// there is none.
MachineSpeeds machine_speeds(const ComputeModel& model, const MachineProbe& probe);

/// Adds what a shard means to a rank's state, state_size() values. No value is negative.
void add_to_state(const ComputeModel& model, const ShardWork& work, const MachineSpeeds& speeds,
                  std::span<double> state);
/// Times of a rank whose shards add up to `state`; 0 without shards.
ComputeTimes price_state(const ComputeModel& model, std::span<const double> state,
                         const Conditions& conditions);

/// Its part of state_output and state_ragged; add_to_state() adds it too.
void add_output_to_state(const ShardWork& work, std::span<double> state);

/// Whether the operator writes pooled values past the caches: whole lines, of a matrix for each
/// source beyond any second cache (runtime/embedding/simd/pool_loops.hpp).
bool goes_past_caches(std::span<const double> state, double sources);
/// Roughly what the writing of these values takes, 0 where it does not go past the caches: its
/// share of the look-ups' time is what writing past the caches can change.
double writing_ms(std::span<const double> state, double sources);

/// What a head of roofline_residual reads, from a state with at least one shard.
std::size_t num_head_inputs(const ComputeModel& model);
/// `call` are the times of an operator call that does nothing.
void head_inputs(std::span<const double> state, const ComputeTimes& call,
                 const Conditions& conditions, std::span<double> inputs);

/// The forward and backward times of the roofline for one shard, without those of the call.
ComputeTimes roofline_times(const Roofline& roofline, const WorkTerms& terms);
/// Those of the call.
ComputeTimes call_times(const Roofline& roofline, const MachineSpeeds& speeds);

}  // namespace shardwright
