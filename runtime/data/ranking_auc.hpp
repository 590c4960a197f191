#pragma once

#include <optional>
#include <vector>

namespace shardwright {

struct RankedSample {
  double score = 0;
  bool positive = false;
};

/// Area under the ROC curve: the share of (positive, negative) pairs in which the positive has the
/// higher score, ties counting one half. Empty if there are no such pairs. One process; for
/// samples spread over ranks see runtime/trainer/binary_metrics.hpp.
std::optional<double> ranking_auc(std::vector<RankedSample> samples);

}  // namespace shardwright
