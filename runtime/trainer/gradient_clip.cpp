#include "runtime/trainer/gradient_clip.hpp"

#include "runtime/comm/collectives.hpp"

#include <algorithm>
#include <cmath>

namespace shardwright {

double global_gradient_norm(Communicator& comm, double embeddings, std::span<const float> dense) {
  double sum = embeddings;
  if (comm.rank() == RankId{0}) {
    for (const float g : dense) sum += static_cast<double>(g) * static_cast<double>(g);
  }
  ordered_all_reduce(comm, std::span(&sum, 1));
  return std::sqrt(sum);
}

float clip_scale(double norm, double most) {
  constexpr double kTiny = 1e-6;
  return static_cast<float>(std::min(1.0, most / (norm + kTiny)));
}

}  // namespace shardwright
