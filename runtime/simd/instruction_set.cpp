#include "runtime/simd/instruction_set.hpp"

#include "costmodel/errors.hpp"
#include "costmodel/names.hpp"
#include "runtime/simd/target.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>

namespace shardwright {
namespace {

constexpr Names<InstructionSet, 4> kNames = {{{InstructionSet::plain, "plain"},
                                              {InstructionSet::vector128, "vector128"},
                                              {InstructionSet::avx2, "avx2"},
                                              {InstructionSet::avx512, "avx512"}}};

}  // namespace

std::string_view to_string(InstructionSet set) { return name_of(set, kNames); }

std::vector<InstructionSet> instruction_sets() {
  std::vector<InstructionSet> sets = {InstructionSet::plain, InstructionSet::vector128};
#ifdef SHARDWRIGHT_X86_TARGETS
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("f16c")) return sets;
  sets.push_back(InstructionSet::avx2);
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq")) {
    sets.push_back(InstructionSet::avx512);
  }
#endif
  return sets;
}

InstructionSet chosen_instruction_set() {
  const std::vector<InstructionSet> sets = instruction_sets();
  const char* const name = std::getenv("SHARDWRIGHT_INSTRUCTION_SET");
  if (name == nullptr) return sets.back();
  std::vector<std::string_view> names;
  for (const InstructionSet set : sets) {
    if (to_string(set) == name) return set;
    names.push_back(to_string(set));
  }
  throw UsageError(fmt::format("SHARDWRIGHT_INSTRUCTION_SET is {}; this processor has {}.", name,
                               fmt::join(names, ", ")));
}

}  // namespace shardwright
