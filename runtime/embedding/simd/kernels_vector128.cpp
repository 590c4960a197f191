#include "runtime/embedding/simd/compiled_kernels.hpp"
#include "runtime/embedding/simd/pool_loops.hpp"
#include "runtime/embedding/simd/update_loops.hpp"

namespace shardwright {
namespace {

struct Vector128 {
  static constexpr std::size_t kLanes = 4;
  static constexpr bool kStreams = false;  // has no such stores on every processor
  template <std::size_t N>
  static void widen(const Fp16* from, float* to) {
    for (std::size_t i = 0; i < N; ++i) to[i] = to_float(from[i]);
  }
};

}  // namespace

const EmbeddingKernels kVector128Kernels = {
    simd::pool_bags<Vector128>, simd::sum_gradients<Vector128>, simd::sum_row_squares<Vector128>,
    simd::update_rows<Vector128>};

}  // namespace shardwright
