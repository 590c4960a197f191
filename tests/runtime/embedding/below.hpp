#pragma once

#include <cstdint>

namespace shardwright::synthetic {

/// One of [0, bound), by a hash or a random number.
inline std::int64_t below(std::uint64_t hash, std::int64_t bound) {
  return static_cast<std::int64_t>(hash % static_cast<std::uint64_t>(bound));
}

}  // namespace shardwright::synthetic
