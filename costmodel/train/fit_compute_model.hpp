#pragma once

#include "costmodel/compute/compute_dataset.hpp"
#include "costmodel/compute/compute_model.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace shardwright {

struct ComputeFitProgress {
  std::int64_t epoch = 0;
  double training_error = 0;    ///< geometric mean over forward and backward times
  double validation_error = 0;  ///< of the table sets kept aside
};

struct ComputeFitOptions {
  std::uint64_t seed = 1;  ///< of weights, order and the sets kept aside
  ComputeArchitecture architecture = ComputeArchitecture::roofline_residual;
  std::int64_t most_epochs = 300;
  std::int64_t patience = 60;  ///< epochs without a better validation error
  double validation_share = 0.1;
  /// Model to adapt: its nets are the start, its roofline and normalisation stay.
  const ComputeModel* base = nullptr;
  std::function<void(const ComputeFitProgress&)> progress;
  /// File that holds the state of the fit after every epoch, to go on from after an interruption;
  /// removed at the end. Empty: none.
  std::string state_file;

  // What the experiments of tests/bench/compute_model vary.
  std::vector<std::size_t> encoder_widths = {48, 24};  ///< of the hidden layers
  std::vector<std::size_t> head_widths = {24};
  double loss_scale = 0.03;    ///< ln(time): scatter that is not worth bending nets for
  bool machine_speeds = true;  ///< false: all machines are taken to be as fast
  std::vector<std::string> hidden_features;  ///< of kFeatureNames: the nets see a constant
  std::vector<std::string> hidden_terms;     ///< of the roofline: they cost nothing
};

/// Fits the constants of the roofline and of the rivals, then the nets by Adam on a robust loss of
/// ln(predicted / measured) (neuroshard: the squared error in ms, as the original); keeps the nets
/// of the epoch with the least error on sets kept aside, which is the error the model states. The
/// same examples, options and seed give the same bits, also when interrupted and continued. Throws
/// InputError for fewer than 20 timings, fewer than 5 table sets, timings of one size, or a state
/// file that is none or of another fit.
ComputeModel fit_compute_model(const ComputeExamples& examples, const ComputeFitOptions& options);

/// Times by LibTorch's forward pass: what price_state() must equal.
std::vector<ComputeTimes> torch_predict_times(const ComputeModel& model,
                                              const ComputeExamples& examples);

}  // namespace shardwright
