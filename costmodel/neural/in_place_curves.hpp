#pragma once

#include "costmodel/cost_model.hpp"
#include "costmodel/exchange_traffic.hpp"
#include "costmodel/neural/comm_curve.hpp"
#include "costmodel/topology.hpp"

#include <optional>
#include <vector>

namespace shardwright {

/// What no rank's exchanges of outputs that go straight are quicker than, in the bytes of its own
/// shards.
struct OutputFloor {
  CommLine values;     ///< forward, of complete outputs
  CommLine sums;       ///< forward, of partial sums that the samples' ranks add up
  CommLine gradients;  ///< backward, of both
};

/// Prices what ranks of one node do in place of an all-to-all of outputs and of one of their
/// gradients: each reads the values of its own samples in the owners' matrices, or adds the partial
/// sums from there, and writes gradients there. So it goes by a W-th of the bytes of all shards,
/// alike on all ranks but for their speeds. Formulas: docs/cost_models.md, "Fitted".
class InPlaceCurves {
 public:
  /// Not known.
  InPlaceCurves() = default;
  /// Of a model that was fitted to all kinds in place; not known of one that was fitted to none, or
  /// on several nodes. Throws UsageError for a model that lacks some. `model` knows one machine.
  InPlaceCurves(const CommModel& model, const Topology& topology);

  bool known() const { return known_; }
  /// Adds to the phases of a rank; `world` is of all shards.
  void add(RankId rank, const ExchangeBytes& world, PhaseTimes& times) const;
  /// As tight as it comes where a rank has `output` bytes; nothing where times depend on how even
  /// an exchange is.
  std::optional<OutputFloor> floor(double output) const;

 private:
  std::optional<CommLine> line_below(const CommCurve& curve, double bytes) const;

  bool known_ = false;
  double ranks_ = 1;
  CommCurve values_;
  CommCurve sums_;
  CommCurve gradients_;
  std::vector<double> speeds_;  // per rank
};

}  // namespace shardwright
