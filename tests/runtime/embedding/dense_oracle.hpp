#pragma once

#include "tests/runtime/embedding/synthetic_run.hpp"

#include <vector>

namespace shardwright::synthetic {

/// The same run the naive way: whole tables and a dense gradient matrix per table and step, in
/// double, unsharded. Shares nothing with the runtime but the initial weights and the batches.
struct OracleOutcome {
  std::vector<std::vector<double>> weights;
  std::vector<std::vector<double>> state;
  std::vector<double> pooled;
  std::vector<double> vectors;  ///< as Outcome's
};

OracleOutcome run_oracle(const Workload& workload);

}  // namespace shardwright::synthetic
