#pragma once

#include "runtime/comm/communicator.hpp"

#include <cstdint>
#include <optional>
#include <span>

namespace shardwright {

struct ScoredSample {
  float probability = 0;  ///< of a positive label, in [0, 1]
  float label = 0;        ///< positive above 0.5
  bool positive() const { return label > 0.5F; }
};

/// How well probabilities tell labels; over the samples of all ranks.
struct BinaryMetrics {
  std::int64_t samples = 0;
  std::int64_t positives = 0;
  std::optional<double> auc;       ///< empty if all labels are equal (or there are none)
  std::optional<double> log_loss;  ///< mean; empty without samples
};

/// Exact metrics of all ranks' samples together, the same on every rank.
///
/// AUC is the share of (positive, negative) pairs that stand in the right order, a tie counting
/// one half: what mid-ranks give. It is computed in whole numbers, so it has the same bits however
/// the samples lie on ranks. The scores are cut by value into one range per rank, so that equal
/// scores meet on one rank, which sorts its range: 8 bytes per sample are sent once.
/// Example: positives 0.9, 0.5; negatives 0.5, 0.1: (1 + 1 + 0.5 + 1) / 4 = 0.875.
///
/// Log loss takes probabilities as if cut to [1e-7, 1 − 1e-7]; sums are added in rank order.
///
/// Throws CollectiveError (check failed) if a probability is not a number. Blocks.
BinaryMetrics binary_metrics(Communicator& comm, std::span<const ScoredSample> mine);

}  // namespace shardwright
