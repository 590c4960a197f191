#pragma once

#include "planner/search/problem.hpp"

#include <optional>
#include <string>

namespace shardwright {

/// Why no plan can exist, by any algorithm that cuts columns.
struct Infeasibility {
  std::string sentence;
  Bytes missing;  ///< at least this much memory would have to be added
};

/// Looks for one of three proofs: a rank that cannot hold its share of the batch; a table whose
/// widest shard, in any cut its rules allow, is larger than every rank it may use; all tables, in
/// as few shards as possible, larger than all ranks together. Nothing found proves nothing.
std::optional<Infeasibility> prove_infeasible(const Problem& problem);

/// "12.3 GB", below 0.1 GB in MB, kB or B (powers of 1000): three significant digits.
std::string format_gigabytes(Bytes bytes);

}  // namespace shardwright
