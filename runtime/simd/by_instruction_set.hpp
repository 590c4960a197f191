#pragma once

#include "runtime/simd/instruction_set.hpp"
#include "runtime/simd/target.hpp"

namespace shardwright {

/// The same functions, `Kernels`, compiled once for every instruction set.
template <class Kernels>
struct ByInstructionSet {
  const Kernels& plain;
  const Kernels& vector128;
#ifdef SHARDWRIGHT_X86_TARGETS
  const Kernels& avx2;
  const Kernels& avx512;
#endif

  /// `set` must be one of instruction_sets().
  const Kernels& of(InstructionSet set) const {
    switch (set) {
      case InstructionSet::vector128:
        return vector128;
#ifdef SHARDWRIGHT_X86_TARGETS
      case InstructionSet::avx2:
        return avx2;
      case InstructionSet::avx512:
        return avx512;
#endif
      default:
        return plain;
    }
  }
};

}  // namespace shardwright
