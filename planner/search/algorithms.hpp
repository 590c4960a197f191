#pragma once

#include "planner/search/effort.hpp"
#include "planner/search/placement.hpp"
#include "planner/search/problem.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace shardwright {

// One function per algorithm, each in the file of its name. Weights are those of NeuroShard's
// heuristics: size = rows · dim, lookups = dim · pooling.
Placement random_placement(const Problem& problem, std::uint64_t seed);
Placement round_robin(const Problem& problem, std::uint64_t seed);
Placement size_greedy(const Problem& problem, std::uint64_t seed);
Placement dim_greedy(const Problem& problem, std::uint64_t seed);
Placement lookup_greedy(const Problem& problem, std::uint64_t seed);
Placement size_lookup_greedy(const Problem& problem, std::uint64_t seed);

/// An entry of the registry that --algorithm chooses from.
struct Algorithm {
  std::string_view name;
  std::string_view description;
  std::vector<ShardingType> types;  ///< those it can place
  /// One of the two: a placement by weights alone, or one that prices what it places.
  Placement (*place)(const Problem& problem, std::uint64_t seed) = nullptr;
  Found (*solve)(const Question& question) = nullptr;
  bool cuts_equally = false;      ///< `place` gives all parts of a table one width
  bool knows_companions = false;  ///< places tables together and apart
};

const std::vector<Algorithm>& algorithms();
std::vector<std::string> algorithm_names();
/// Throws UsageError that lists the names and suggests the nearest.
const Algorithm& find_algorithm(std::string_view name);

}  // namespace shardwright
