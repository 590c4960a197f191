#pragma once

#include "planner/search/effort.hpp"

#include <atomic>
#include <cstdint>
#include <optional>
#include <vector>

namespace shardwright {

/// NeuroShard's search (arXiv 2305.01868, section 3.3; daochenzha/neuroshard): a beam of K = 3 over
/// at most L = 10 halvings of columns, each of the N = 10 largest and N = 10 costliest pieces, and
/// for every node the best of M = 11 greedy placements with growing caps on a rank's columns. It
/// minimises the objective it is judged by. As the original, it keeps three arbitrary nodes while
/// none has a plan, never drops the caps, and does not merge equal nodes. Ignores time limits.
Found neuroshard(const Question& question);

/// The same for a search space that exists; nothing if no node had a plan, or once `stop` is true.
std::optional<std::vector<Piece>> neuroshard_pieces(const SearchSpace& space,
                                                    const std::atomic<bool>& stop,
                                                    std::int64_t& evaluations);

}  // namespace shardwright
