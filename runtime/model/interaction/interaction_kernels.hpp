#pragma once

#include "runtime/model/interaction/dot_interaction.hpp"
#include "runtime/simd/instruction_set.hpp"

namespace shardwright {

/// What dot_interaction() and dot_interaction_gradients() do, to the bit, compiled for one
/// instruction set.
struct InteractionKernels {
  void (*dot_interaction)(const InteractionView& view, float* out);
  void (*dot_interaction_gradients)(const InteractionView& view, const float* gradient,
                                    const InteractionGradients& to);
};

/// `set` must be one of instruction_sets().
const InteractionKernels& interaction_kernels(InstructionSet set);

/// Those of chosen_instruction_set(), which is asked once.
const InteractionKernels& interaction_kernels();

// One per file that compiles kernels.
extern const InteractionKernels kVector128Interaction;
extern const InteractionKernels kAvx2Interaction;
extern const InteractionKernels kAvx512Interaction;

}  // namespace shardwright
