#include "runtime/embedding/simd/kernels.hpp"

#include "runtime/embedding/lookup.hpp"
#include "runtime/embedding/simd/compiled_kernels.hpp"
#include "runtime/embedding/simd/target.hpp"

namespace shardwright {
namespace {

constexpr EmbeddingKernels kPlainKernels = {pool_bags, sum_gradients, sum_row_squares, update_rows};

}  // namespace

const EmbeddingKernels& embedding_kernels(InstructionSet set) {
  switch (set) {
    case InstructionSet::plain:
      return kPlainKernels;
    case InstructionSet::vector128:
      return kVector128Kernels;
#ifdef SHARDWRIGHT_X86_TARGETS
    case InstructionSet::avx2:
      return kAvx2Kernels;
    case InstructionSet::avx512:
      return kAvx512Kernels;
#else
    default:
      break;
#endif
  }
  return kPlainKernels;
}

const EmbeddingKernels& embedding_kernels() {
  static const EmbeddingKernels& chosen = embedding_kernels(chosen_instruction_set());
  return chosen;
}

}  // namespace shardwright
