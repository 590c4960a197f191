#pragma once

#include <vector>

namespace shardwright {

/// x of a · x = b by Gauss's elimination with pivots; `a` [row][column] is square and regular.
std::vector<double> solve_equations(std::vector<std::vector<double>> a, std::vector<double> b);

}  // namespace shardwright
