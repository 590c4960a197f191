#pragma once

#include "costmodel/neural/comm_model.hpp"
#include "costmodel/train/comm_design.hpp"

#include <torch/types.h>

#include <cstdint>
#include <vector>

namespace shardwright {

/// CommModel as tensors (64-bit): curves = prior mean + whitened parameters, so that the prior is
/// half the parameters' sum of squares.
class CommNet {
 public:
  /// `means` holds each curve of the design at each knot; curves whose standard deviations are 0
  /// stay at their mean.
  CommNet(const std::vector<double>& knots, const std::vector<double>& level_sd,
          const std::vector<double>& step_sd, const torch::Tensor& means);

  const torch::Tensor& parameters() const { return parameters_; }  ///< [curve][knot]
  void set_parameters(const torch::Tensor& values);
  torch::Tensor curves() const;  ///< [curve][knot]
  torch::Tensor prior_loss() const { return 0.5 * parameters_.square().sum(); }

 private:
  torch::Tensor level_sd_;    // [curve][1]
  torch::Tensor step_sd_;     // [curve][1]
  torch::Tensor steps_;       // [knot − 1][knot]: centred unit steps
  torch::Tensor means_;       // [curve][knot]
  torch::Tensor parameters_;  // [curve][knot]: level, steps
};

/// A design's rows as tensors.
struct CommBatch {
  explicit CommBatch(const CommDesign& design);
  /// ln µs of each row, given the curves.
  torch::Tensor forward(const torch::Tensor& curves) const;

  torch::Tensor factors;     // [cell][curve]
  torch::Tensor cell, low;   // [row], integers
  torch::Tensor along;       // [row]
  torch::Tensor size_ratio;  // [row]
  torch::Tensor log_time;    // [row]
};

}  // namespace shardwright
