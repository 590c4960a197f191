#pragma once

#include "costmodel/topology.hpp"

#include <string_view>

namespace shardwright {

/// Adds `bytes` to the memory that every rank has reserved. Throws InputError with `what` if a rank
/// has less.
void reserve_on_every_rank(std::string_view what, Bytes bytes, Topology& topology);

}  // namespace shardwright
