#pragma once

#include "costmodel/compute/compute_dataset.hpp"
#include "costmodel/compute/compute_model.hpp"
#include "costmodel/train/fit_compute_model.hpp"

namespace shardwright {

/// The model that training begins with: the one to adapt (its usual machine, and its
/// reference if it has none, become that of `training`), else constants of the roofline and the
/// normalisation of features from `training`, and random nets, which draw from LibTorch's generator
/// and correct nothing yet. The rivals' constants are fitted to `training` in either case. It
/// covers `all`, also what is kept aside.
ComputeModel start_compute_model(const ComputeExamples& training, const ComputeExamples& all,
                                 const ComputeFitOptions& options);

}  // namespace shardwright
