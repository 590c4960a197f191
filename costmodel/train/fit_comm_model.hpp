#pragma once

#include "costmodel/neural/comm_model.hpp"
#include "costmodel/timings/comm_timings.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

namespace shardwright {

struct FitProgress {
  std::string stage;  ///< "validation" or "all rows"
  std::int64_t iteration = 0;
  double training_error = 0;               ///< geometric mean
  std::optional<double> validation_error;  ///< while calls are kept aside
};

struct FitOptions {
  std::uint64_t seed = 1;  ///< which calls are kept aside
  std::int64_t most_iterations = 2000;
  double validation_share = 0.1;
  /// Model to start from: its curves shared by all machines stay as they are; its curves by fabric
  /// are priors for those of the new timings.
  const CommModel* base = nullptr;
  std::function<void(const FitProgress&)> progress;
  /// Hears each timing kept aside, with the µs that the first fit gives it.
  std::function<void(const CommTiming&, double)> kept_aside;
};

/// Fits by LBFGS on a robust loss of ln(predicted / measured) with Gaussian priors on the curves.
/// First with a share of the calls (all repeats of a call together) kept aside, which gives the
/// stated error and the number of iterations after which it is lowest; then on all rows. Under 100
/// rows nothing is kept aside. Times are those of the reference of fit_comm_speeds() (of the
/// base's, if there is one), also those that `kept_aside` hears. Rows of local work are left to
/// fit_local_work(): what is said of collectives is the same without them, the stated error too.
/// The same rows, options and seed give the same bits. Throws InputError for rows that cannot carry
/// a model (fewer than two, one size, one time).
CommModel fit_comm_model(std::span<const CommTiming> rows, const FitOptions& options);

}  // namespace shardwright
