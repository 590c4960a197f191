#include "runtime/simd/target.hpp"

#ifdef SHARDWRIGHT_X86_TARGETS

#include "runtime/embedding/simd/compiled_kernels.hpp"

#include <immintrin.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#pragma GCC target("avx2,f16c")
#include "runtime/embedding/simd/pool_loops.hpp"
#include "runtime/embedding/simd/update_loops.hpp"

namespace shardwright {
namespace {

struct Avx2 {
  static constexpr std::size_t kLanes = 8;
  static constexpr bool kStreams = true;
  static void stream(const simd::Vector<float, kLanes>& sums, float* to) {
    _mm256_stream_ps(to, simd::load<__m256>(&sums));
  }
  static void end_streams() { _mm_sfence(); }
  template <std::size_t N>
  static void widen(const Fp16* from, float* to) {
    if constexpr (N == 8) {
      const __m128i half = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
      _mm256_storeu_ps(to, _mm256_cvtph_ps(half));
    } else {
      for (std::size_t i = 0; i < N; ++i) to[i] = to_float(from[i]);
    }
  }
};

}  // namespace

const EmbeddingKernels kAvx2Kernels = {simd::pool_bags<Avx2>, simd::sum_gradients<Avx2>,
                                       simd::sum_row_squares<Avx2>, simd::update_rows<Avx2>};

}  // namespace shardwright

#endif
