#pragma once

#include "costmodel/timings/collective.hpp"

#include <cstdint>
#include <functional>

namespace shardwright {

/// What a rank does by itself around the exchanges of a step, with its buffers, to be done again
/// and again. Allocates them.
struct LocalWork {
  std::int64_t bytes = 0;     ///< as CollectiveCall counts them
  std::function<void()> run;  ///< by the runtime's own classes; talks to no other rank
};

/// `kind` is local. Of as many whole samples as come nearest to `bytes`, at least one; five
/// features of 16 to 128 columns, or four of up to 8 random ids a sample. Where rows are cut, it is
/// into as many parts as there are ranks. Throws std::logic_error for a collective.
LocalWork make_local_work(CollectiveKind kind, std::int64_t bytes, std::int64_t ranks);

}  // namespace shardwright
