#pragma once

#include <string_view>
#include <vector>

namespace shardwright {

/// What kernels are compiled for, from the slowest on. All give the same bits.
enum class InstructionSet {
  plain,      ///< one column after the other: the oracle of the others
  vector128,  ///< vectors of 16 bytes, which every 64-bit processor has
  avx2,       ///< with F16C
  avx512,     ///< F, VL, BW and DQ
};

std::string_view to_string(InstructionSet set);

/// Those that this processor has and this program was compiled for, in the order above.
std::vector<InstructionSet> instruction_sets();

/// The last of instruction_sets(), or what the environment variable SHARDWRIGHT_INSTRUCTION_SET
/// names. Throws UsageError if that is none of them.
InstructionSet chosen_instruction_set();

}  // namespace shardwright
