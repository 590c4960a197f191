#pragma once

#include <vector>

namespace reference {

/// Area under the ROC curve, exact, ties counted half (Mann-Whitney). Needs both labels.
double area_under_curve(const std::vector<float>& probabilities, const std::vector<float>& labels);

/// Mean of -ln of the probability given to the label that came true, at least 1e-7.
double log_loss(const std::vector<float>& probabilities, const std::vector<float>& labels);

}  // namespace reference
