#pragma once

#include "costmodel/cost_model.hpp"
#include "costmodel/exchange_traffic.hpp"
#include "costmodel/neural/comm_curve.hpp"
#include "costmodel/topology.hpp"

#include <vector>

namespace shardwright {

/// Prices what a rank does by itself around the exchanges of a step: packing the ids of its samples
/// (sorted by parts of rows first, where rows are cut), putting what owners have put out into the
/// rows of its samples, adding up partial sums there, packing gradients. This goes by the rank's
/// own samples, a W-th of the bytes of all shards, whatever it holds itself: ranks do it for the
/// same time, and none waits for another's. What its own shards ask of it is packing, unpacking and
/// adding up row statistics. Formulas: docs/cost_models.md, "Fitted".
class LocalCurves {
 public:
  /// Of no time.
  LocalCurves() = default;
  /// Of a model that was fitted to all kinds of local work, else to none: it takes no time then.
  /// Throws UsageError for one that lacks some. `model` knows one machine.
  LocalCurves(const CommModel& model, const Topology& topology);

  /// Adds to the three phases of communication of a rank; `own` is of its shards, `world` of all.
  void add(RankId rank, const ExchangeBytes& own, const ExchangeBytes& world,
           PhaseTimes& times) const;

 private:
  double statistics_ms(const ExchangeBytes& own) const;

  bool known_ = false;
  double ranks_ = 1;
  CommCurve pack_ids_;
  CommCurve split_ids_;
  CommCurve place_outputs_;
  CommCurve add_partial_sums_;
  CommCurve pack_gradients_;
  std::vector<double> speeds_;  // per rank
};

}  // namespace shardwright
