#pragma once

#include "costmodel/neural/comm_model.hpp"
#include "costmodel/timings/comm_timings.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace shardwright {

/// The fit of a model's curves to rows, under way: LBFGS on a robust loss of ln(predicted /
/// measured) plus the curves' Gaussian priors. Holds LibTorch's state.
class CommCurveFit {
 public:
  /// `adapting`: curves that `start` shares between machines stay as they are.
  CommCurveFit(CommModel start, std::span<const CommTiming> rows, bool adapting);
  ~CommCurveFit();
  CommCurveFit(const CommCurveFit&) = delete;
  CommCurveFit& operator=(const CommCurveFit&) = delete;

  static constexpr std::int64_t kIterationsPerStep = 10;
  void step();
  double training_error() const;  ///< geometric mean over the rows
  CommModel model() const;        ///< with the curves of now

 private:
  class State;
  std::unique_ptr<State> state_;
};

/// ln µs by LibTorch's forward pass: what predict_us() must equal.
std::vector<double> torch_log_predictions(const CommModel& model, std::span<const CommTiming> rows);

}  // namespace shardwright
