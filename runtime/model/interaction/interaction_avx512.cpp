#include "runtime/simd/target.hpp"

#ifdef SHARDWRIGHT_X86_TARGETS

#include "runtime/embedding/number_format.hpp"
#include "runtime/model/interaction/interaction_kernels.hpp"
#include "runtime/model/interaction/sample_matrices.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#pragma GCC target("avx512f,avx512vl,avx512bw,avx512dq,prefer-vector-width=512")
#include "runtime/model/interaction/interaction_loops.hpp"

namespace shardwright {
namespace {

struct Avx512 {
  static constexpr std::size_t kLanes = 16;
};

}  // namespace

const InteractionKernels kAvx512Interaction = {simd::dot_interaction<Avx512>,
                                               simd::dot_interaction_gradients<Avx512>};

}  // namespace shardwright

#endif
