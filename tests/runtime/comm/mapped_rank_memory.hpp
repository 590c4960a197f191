#pragma once

#include <fstream>
#include <string>

namespace shardwright {

/// How many of this process's mappings are of a rank's SharedFloats, its own or another's.
inline int mapped_rank_memory() {
  std::ifstream maps("/proc/self/maps");
  int count = 0;
  for (std::string line; std::getline(maps, line);) {
    if (line.find("/memfd:shardwright-rank") != std::string::npos) ++count;
  }
  return count;
}

}  // namespace shardwright
