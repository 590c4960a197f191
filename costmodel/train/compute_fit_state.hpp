#pragma once

#include "costmodel/train/weights.hpp"

#include <torch/optim/adamw.h>

#include <cstdint>
#include <string>

namespace shardwright {

/// Where a fit of a compute model stands after an epoch.
struct ComputeFitState {
  std::string fit;  ///< names timings, start and options: only the same fit may go on from it
  std::int64_t epoch = 0;
  std::int64_t since_best = 0;  ///< epochs
  double best_error = 0;        ///< of the validation
  Tensors best;                 ///< the nets' weights then
};

/// A short name for a description of any length: FNV-1a.
std::string short_name(const std::string& description);

/// Writes state, weights, optimizer and LibTorch's random numbers into `file`, whole or not at all.
void save_fit_state(const std::string& file, const Tensors& weights,
                    const torch::optim::AdamW& adam, const ComputeFitState& state);

/// Takes them from `file`; changes nothing if there is no such file. Throws InputError for a file
/// that is cut off, none of save_fit_state(), or of another fit than `state.fit`.
void load_fit_state(const std::string& file, const Tensors& weights, torch::optim::AdamW& adam,
                    ComputeFitState& state);

}  // namespace shardwright
