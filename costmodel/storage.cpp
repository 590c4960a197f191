#include "costmodel/storage.hpp"

#include "costmodel/names.hpp"

namespace shardwright {
namespace {

constexpr Names<ComputeKernel, 1> kKernels = {{{ComputeKernel::fused, "fused"}}};
constexpr Names<MemoryTier, 1> kTiers = {{{MemoryTier::device, "device"}}};

}  // namespace

ComputeKernel parse_compute_kernel(std::string_view text) {
  return value_of(text, kKernels, "compute kernel");
}

MemoryTier parse_memory_tier(std::string_view text) {
  return value_of(text, kTiers, "memory tier");
}

}  // namespace shardwright
