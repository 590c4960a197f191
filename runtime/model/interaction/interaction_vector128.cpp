#include "runtime/model/interaction/interaction_kernels.hpp"
#include "runtime/model/interaction/interaction_loops.hpp"

namespace shardwright {
namespace {

struct Vector128 {
  static constexpr std::size_t kLanes = 4;
};

}  // namespace

const InteractionKernels kVector128Interaction = {simd::dot_interaction<Vector128>,
                                                  simd::dot_interaction_gradients<Vector128>};

}  // namespace shardwright
