#include "runtime/exchange/rank_blocks.hpp"

#include <numeric>

namespace shardwright {

void RankBlocks::make_room(std::span<const std::size_t> sizes) {
  buffer.resize(std::accumulate(sizes.begin(), sizes.end(), std::size_t{0}));
  of_rank.clear();
  for (std::size_t begin = 0; const std::size_t size : sizes) {
    of_rank.push_back(std::span(buffer).subspan(begin, size));
    begin += size;
  }
}

}  // namespace shardwright
