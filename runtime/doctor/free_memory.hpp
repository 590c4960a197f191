#pragma once

#include "costmodel/bytes.hpp"

namespace shardwright {

/// What is left to this host, or to the container that this process runs in; 0 if the system does
/// not say.
Bytes free_memory();

}  // namespace shardwright
