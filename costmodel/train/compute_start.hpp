#pragma once

#include "costmodel/compute/compute_dataset.hpp"
#include "costmodel/compute/compute_model.hpp"
#include "costmodel/train/fit_compute_model.hpp"

namespace shardwright {

/// The model that training begins with: the one to adapt, as it is; else constants of the roofline
/// and of the rivals and the normalisation of features, all from `training`, and random nets, which
/// draw from LibTorch's generator and correct nothing yet.
ComputeModel start_compute_model(const ComputeExamples& training, const ComputeFitOptions& options);

}  // namespace shardwright
