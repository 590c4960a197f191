#pragma once

#include "planner/search/local/search_space.hpp"

#include <atomic>
#include <cstdint>
#include <optional>
#include <vector>

namespace shardwright {

/// Looks for any placement that fits, whatever it costs: largest pieces first onto the roomiest
/// ranks, cutting columns to fill them; then backtracking over whole tables and equal parts, beside
/// tables cut by rows (find_fitting), with steps_of_fitting() at least; then at most `steps` steps
/// of a search that starts overfull and takes away what lies over. Adds what it evaluated to
/// `evaluations`.
std::optional<std::vector<Piece>> pack(const SearchSpace& space, std::uint64_t seed,
                                       std::int64_t steps, const std::atomic<bool>& stop,
                                       std::int64_t& evaluations);

}  // namespace shardwright
