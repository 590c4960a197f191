#include "runtime/model/interaction/interaction_kernels.hpp"

#include "runtime/simd/by_instruction_set.hpp"

namespace shardwright {
namespace {

constexpr InteractionKernels kPlainInteraction = {dot_interaction, dot_interaction_gradients};

constexpr ByInstructionSet<InteractionKernels> kInteraction = {kPlainInteraction,
                                                               kVector128Interaction,
#ifdef SHARDWRIGHT_X86_TARGETS
                                                               kAvx2Interaction, kAvx512Interaction
#endif
};

}  // namespace

const InteractionKernels& interaction_kernels(InstructionSet set) { return kInteraction.of(set); }

const InteractionKernels& interaction_kernels() {
  static const InteractionKernels& chosen = interaction_kernels(chosen_instruction_set());
  return chosen;
}

}  // namespace shardwright
