#pragma once

#include "costmodel/cost_model.hpp"
#include "costmodel/exchange_traffic.hpp"
#include "costmodel/neural/comm_curve.hpp"
#include "costmodel/neural/in_place_curves.hpp"
#include "costmodel/neural/local_curves.hpp"
#include "costmodel/topology.hpp"

#include <cstddef>
#include <optional>
#include <vector>

namespace shardwright {

/// What one rank's exchanges depend on: bytes of its own shards, of all shards of its node (its own
/// included), and of all shards.
struct ExchangeSums {
  ExchangeBytes own;
  ExchangeBytes node;
  ExchangeBytes world;
};

/// What no rank's exchanges are quicker than, in the bytes of its own shards; those of scattered,
/// gathered, reduced and statistics are per byte.
struct ExchangeFloor {
  CommLine input;
  OutputFloor output;
  double scattered = 0;
  double gathered = 0;
  double reduced = 0;
  double statistics = 0;
};

/// Prices the exchanges of a step by a communication model. A rank of an all-to-all that sends a
/// and receives b bytes (its own part included) is priced by max(a, b) and the ranks' mean; then
/// comes what it does by itself (LocalCurves). Outputs that go straight are no messages where the
/// ranks of one node exchange them in place (InPlaceCurves). Formulas: docs/cost_models.md,
/// "Fitted".
class ExchangeCurves {
 public:
  /// Throws UsageError for a model of several machines or one that lacks a collective or a part of
  /// the local work or of what is done in place, InputError for a topology of several nodes where
  /// the model knows one node only.
  ExchangeCurves(const CommModel& model, const Topology& topology);

  /// Writes the three phases of communication, leaves the others as they are.
  void price(RankId rank, const ExchangeSums& sums, PhaseTimes& times) const;

  /// As tight as it comes where a rank has `mean` of input and output; nothing where times depend
  /// on how even an exchange is.
  std::optional<ExchangeFloor> floor(const ExchangeBytes& mean) const;

 private:
  struct NodeCurves {
    double ranks = 1;
    CommCurve reduce_scatter;
    CommCurve all_gather;
  };

  double uneven(double own, double world) const;
  double straight(const NodeCurves& node, const ExchangeSums& sums) const;
  std::optional<OutputFloor> output_floor(const ExchangeBytes& mean) const;

  double ranks_;
  CommCurve all_to_all_;
  CommCurve all_reduce_;
  CommCurve between_nodes_;           // an all-to-all of one rank of each node
  std::vector<NodeCurves> nodes_;     // one for each number of ranks on a node
  std::vector<std::size_t> node_of_;  // per rank, its place in nodes_
  LocalCurves local_;
  InPlaceCurves in_place_;
};

}  // namespace shardwright
