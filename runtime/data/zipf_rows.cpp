#include "runtime/data/zipf_rows.hpp"

#include <algorithm>
#include <cmath>

namespace shardwright {
namespace {

__extension__ using Wide = unsigned __int128;
constexpr std::uint64_t kScatter = 2654435761;  // Knuth's multiplier: 2^32 / golden ratio, prime

}  // namespace

ZipfRows::ZipfRows(std::int64_t rows, double skew)
    : rows_(rows),
      exponent_(1 - skew),
      span_(exponent_ == 0 ? std::log(static_cast<double>(rows))
                           : std::pow(static_cast<double>(rows), exponent_) - 1) {}

std::int64_t ZipfRows::rank(double u) const {
  const double rank = exponent_ == 0 ? std::exp(span_ * u) : std::pow(span_ * u + 1, 1 / exponent_);
  const auto last = static_cast<double>(rows_ - 1);
  return static_cast<std::int64_t>(std::min(rank, last));
}

std::int64_t ZipfRows::row(double u) const {
  const Wide product = Wide{static_cast<std::uint64_t>(rank(u))} * kScatter;
  return static_cast<std::int64_t>(product % static_cast<std::uint64_t>(rows_));
}

}  // namespace shardwright
