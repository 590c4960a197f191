#pragma once

#include "runtime/embedding/workers.hpp"

#include <cstdint>
#include <vector>

namespace shardwright {

/// Sorts by the `bits` of the keys from `shift` on; keys that are equal there stay in their order.
/// In linear time, in as few passes as the bits allow. `scratch` is working memory, of the keys'
/// size afterwards. The threads of `workers`, if any, share the passes over many keys; the order is
/// the same for any number. Blocks.
void radix_sort(std::vector<std::uint64_t>& keys, std::vector<std::uint64_t>& scratch, int shift,
                int bits, Workers* workers);

}  // namespace shardwright
