#include "costmodel/train/linear_equations.hpp"

#include <cmath>
#include <cstddef>
#include <utility>

namespace shardwright {

std::vector<double> solve_equations(std::vector<std::vector<double>> a, std::vector<double> b) {
  const std::size_t n = b.size();
  for (std::size_t column = 0; column < n; ++column) {
    std::size_t pivot = column;
    for (std::size_t r = column + 1; r < n; ++r) {
      if (std::abs(a[r][column]) > std::abs(a[pivot][column])) pivot = r;
    }
    std::swap(a[column], a[pivot]);
    std::swap(b[column], b[pivot]);
    for (std::size_t r = column + 1; r < n; ++r) {
      const double factor = a[r][column] / a[column][column];
      for (std::size_t c = column; c < n; ++c) a[r][c] -= factor * a[column][c];
      b[r] -= factor * b[column];
    }
  }
  for (std::size_t r = n; r-- > 0;) {
    for (std::size_t c = r + 1; c < n; ++c) b[r] -= a[r][c] * b[c];
    b[r] /= a[r][r];
  }
  return b;
}

}  // namespace shardwright
