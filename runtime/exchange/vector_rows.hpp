#pragma once

#include "runtime/exchange/input_source.hpp"
#include "runtime/exchange/layout.hpp"

#include <span>

namespace shardwright {

/// Gives the sources, whose ids are known, their rows of the owner's matrix where it has tables
/// without pooling; else a sample is a row already.
void place_vectors(const OwnerLayout& owner, std::span<InputSource> sources);

}  // namespace shardwright
