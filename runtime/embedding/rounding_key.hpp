#pragma once

#include "runtime/embedding/named_uniform.hpp"

#include <cstdint>
#include <string>

namespace shardwright {

/// What the stochastic rounding of all weights of a table shares: number_format.hpp.
inline std::uint64_t rounding_table_key(std::uint64_t seed, const std::string& table) {
  return NamedUniform(seed, table + "/rounding").key();
}

}  // namespace shardwright
