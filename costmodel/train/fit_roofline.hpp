#pragma once

#include <vector>

namespace shardwright {

/// Constants ≥ 0 that make Σ constant · term predict the times: the mean squared ln(predicted /
/// measured) is at a minimum near them. `terms` is [row][term], none negative; a term that is 0 in
/// all rows gets the constant 0. Levenberg's and Marquardt's method on the constants' logarithms.
std::vector<double> fit_roofline(const std::vector<std::vector<double>>& terms,
                                 const std::vector<double>& times_ms);

}  // namespace shardwright
