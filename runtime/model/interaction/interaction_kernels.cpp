#include "runtime/model/interaction/interaction_kernels.hpp"

#include "runtime/embedding/simd/target.hpp"

namespace shardwright {
namespace {

constexpr InteractionKernels kPlainInteraction = {dot_interaction, dot_interaction_gradients};

}  // namespace

const InteractionKernels& interaction_kernels(InstructionSet set) {
  switch (set) {
    case InstructionSet::plain:
      return kPlainInteraction;
    case InstructionSet::vector128:
      return kVector128Interaction;
#ifdef SHARDWRIGHT_X86_TARGETS
    case InstructionSet::avx2:
      return kAvx2Interaction;
    case InstructionSet::avx512:
      return kAvx512Interaction;
#else
    default:
      break;
#endif
  }
  return kPlainInteraction;
}

const InteractionKernels& interaction_kernels() {
  static const InteractionKernels& chosen = interaction_kernels(chosen_instruction_set());
  return chosen;
}

}  // namespace shardwright
