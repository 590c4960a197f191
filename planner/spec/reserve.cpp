#include "planner/spec/reserve.hpp"

#include "planner/contradiction.hpp"

#include <fmt/format.h>

namespace shardwright {

void reserve_on_every_rank(std::string_view what, Bytes bytes, Topology& topology) {
  for (std::size_t rank = 0; rank < topology.ranks.size(); ++rank) {
    RankSpec& spec = topology.ranks[rank];
    if (bytes > spec.usable()) {
      throw Contradiction(fmt::format("{} takes {} of every rank, but rank {} has {}.", what,
                                      format_bytes(bytes), rank, format_bytes(spec.usable())));
    }
    spec.reserved += bytes;
  }
}

}  // namespace shardwright
