#pragma once

#include "costmodel/errors.hpp"

#include <cmath>
#include <string>

namespace shardwright {

/// What `fit` was asked to do, whatever the timings are of.
struct FitRequest {
  std::string output;
  std::string name;
  std::string from;  ///< model to adapt; empty: none
  std::string
      hold_out;  ///< collectives: "sizes", "hardware" or "ranks"; computation: "sets"; or empty
  std::string report;  ///< page to write; empty: none
  bool json = false;
};

/// Throws InputError where a fit has come to no error that is a number.
inline void require_prices(double geometric_mean_error) {
  if (std::isfinite(geometric_mean_error)) return;
  throw InputError("The fit has come to no prices: look for times that cannot be.");
}

}  // namespace shardwright
