#include "runtime/embedding/simd/kernels.hpp"

#include "runtime/embedding/lookup.hpp"
#include "runtime/embedding/simd/compiled_kernels.hpp"
#include "runtime/simd/by_instruction_set.hpp"

namespace shardwright {
namespace {

constexpr EmbeddingKernels kPlainKernels = {pool_bags, sum_gradients, sum_row_squares, update_rows};

constexpr ByInstructionSet<EmbeddingKernels> kKernels = {kPlainKernels, kVector128Kernels,
#ifdef SHARDWRIGHT_X86_TARGETS
                                                         kAvx2Kernels, kAvx512Kernels
#endif
};

}  // namespace

const EmbeddingKernels& embedding_kernels(InstructionSet set) { return kKernels.of(set); }

const EmbeddingKernels& embedding_kernels() {
  static const EmbeddingKernels& chosen = embedding_kernels(chosen_instruction_set());
  return chosen;
}

}  // namespace shardwright
