#pragma once

#include "costmodel/neural/comm_effect.hpp"
#include "costmodel/neural/comm_speeds.hpp"

#include <cstddef>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace shardwright {

struct Range {
  double least = 0;
  double most = 0;
  bool operator==(const Range&) const = default;
};

/// From the least to the most of both.
Range cover(const Range& a, const Range& b);

/// What a model was fitted on.
struct CommTraining {
  std::size_t rows = 0;
  std::string data_fingerprint;
  std::map<CommSetting, Range> settings;  ///< and on how many ranks each was measured
  std::set<std::string> operations;
  Range ranks, nodes, bytes, element_bytes;
  Range evenness = {1, 1};
  Range wait_us;
  bool operator==(const CommTraining&) const = default;
};

struct StatedError {
  double geometric_mean_error = 0;
  std::string how;  ///< "10 % of the calls kept aside" …
  bool operator==(const StatedError&) const = default;
};

/// Prices collectives: ln(time in µs) at every knot is the sum of the effects, and the time itself
/// is linear in bytes between knots, so that a curve is a chain of latency-and-bandwidth pieces.
/// Below the first knot the time stays; above the last it goes on as the last piece does, but by no
/// less than half of time / bytes there. Fitted by costmodel/train, kept as JSON.
struct CommModel {
  std::string name;
  std::vector<double> knots;  ///< bytes, rising, at least two
  /// µs at each knot by which waits are judged long or short, the mean of the timings without
  /// waits; empty if there were none with.
  std::vector<double> pace_us;
  std::vector<CommEffect> effects;
  CommSpeeds speeds;  ///< of the machine that the curves are of, and what others' speeds change
  CommTraining training;
  StatedError error;
  bool operator==(const CommModel&) const = default;
};

/// Where a size stands between knots: time = low + along · (high − low).
struct KnotPosition {
  std::size_t low = 0;  ///< index; high is the next one
  double along = 0;     ///< 0 … 1, more than 1 above the last knot
};
KnotPosition position_of(std::span<const double> knots, double bytes);

/// The time between two knots; the last piece's `size_ratio` is (s_high − s_low) / s_high.
double time_between(double low, double high, double along, double size_ratio);

/// What `wait_us` of the call is of itself and the model's pace together: 0 … 1.
double wait_share(const CommModel& model, const CollectiveCall& call);

/// Σ of the curves of the effects with this factor.
std::vector<double> sum_of_curves(const CommModel& model, EffectFactor factor,
                                  const CommSetting& setting, const CollectiveCall& call);

/// ln µs at every knot for calls that differ from `call` in bytes only.
std::vector<double> log_times_at_knots(const CommModel& model, const CommSetting& setting,
                                       const CollectiveCall& call);
/// On a machine of which `probe` was taken; unknown: on the model's reference.
double predict_us(const CommModel& model, const CommSetting& setting, const CollectiveCall& call,
                  const MachineProbe& probe = {});

/// What of the call lies outside of what the model saw ("16 ranks (trained on 2 to 8)"); empty if
/// nothing.
std::vector<std::string> outside_training(const CommModel& model, const CommSetting& setting,
                                          const CollectiveCall& call);

/// The same predictions for one fabric and library from a model that knows no others.
CommModel specialize(const CommModel& model, const CommSetting& setting);

}  // namespace shardwright
