#include "costmodel/rank_pricer.hpp"

#include <algorithm>
#include <cmath>

namespace shardwright {

void RankPricer::encode_shared(const Shard& /*shard*/, std::span<std::int64_t> state) const {
  std::fill(state.begin(), state.end(), 0);
}

double fixed_point_scale(double most) {
  constexpr int kBits = 59;
  constexpr int kMostBits = 200;  // all values nearly 0: any scale will do
  if (!(most > 0)) return 1;
  return std::ldexp(1.0, std::min(kBits - std::ilogb(most), kMostBits));
}

}  // namespace shardwright
