#include "runtime/simd/target.hpp"

#ifdef SHARDWRIGHT_X86_TARGETS

#include "runtime/embedding/number_format.hpp"
#include "runtime/model/interaction/interaction_kernels.hpp"
#include "runtime/model/interaction/sample_matrices.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#pragma GCC target("avx2,f16c")
#include "runtime/model/interaction/interaction_loops.hpp"

namespace shardwright {
namespace {

struct Avx2 {
  static constexpr std::size_t kLanes = 8;
};

}  // namespace

const InteractionKernels kAvx2Interaction = {simd::dot_interaction<Avx2>,
                                             simd::dot_interaction_gradients<Avx2>};

}  // namespace shardwright

#endif
