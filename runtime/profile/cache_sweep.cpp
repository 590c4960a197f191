#include "runtime/profile/cache_sweep.hpp"

namespace shardwright {

void CacheSweep::run() {
  constexpr std::size_t kLine = 64;
  volatile unsigned char* const bytes = bytes_.data();  // or it might be left out
  for (std::size_t i = 0; i < kBytes; i += kLine) {
    bytes[i] = static_cast<unsigned char>(bytes[i] + 1);
  }
}

}  // namespace shardwright
