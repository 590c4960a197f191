#include "runtime/simd/target.hpp"

#ifdef SHARDWRIGHT_X86_TARGETS

#include "runtime/embedding/simd/compiled_kernels.hpp"

#include <immintrin.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#pragma GCC target("avx512f,avx512vl,avx512bw,avx512dq,prefer-vector-width=512")
#include "runtime/embedding/simd/pool_loops.hpp"
#include "runtime/embedding/simd/update_loops.hpp"

namespace shardwright {
namespace {

struct Avx512 {
  static constexpr std::size_t kLanes = 16;
  static constexpr bool kStreams = true;
  static void stream(const simd::Vector<float, kLanes>& sums, float* to) {
    _mm512_stream_ps(to, simd::load<__m512>(&sums));
  }
  static void end_streams() { _mm_sfence(); }
  template <std::size_t N>
  static void widen(const Fp16* from, float* to) {
    if constexpr (N == 16) {
      const __m256i half = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
      _mm512_storeu_ps(to, _mm512_maskz_cvtph_ps(0xFFFF, half));
    } else {
      for (std::size_t i = 0; i < N; ++i) to[i] = to_float(from[i]);
    }
  }
};

}  // namespace

const EmbeddingKernels kAvx512Kernels = {simd::pool_bags<Avx512>, simd::sum_gradients<Avx512>,
                                         simd::sum_row_squares<Avx512>, simd::update_rows<Avx512>};

}  // namespace shardwright

#endif
