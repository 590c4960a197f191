#pragma once

#include "runtime/comm/communicator.hpp"

#include <cstdint>

namespace shardwright::synthetic {

/// Runs one step of a plan that has every way of placing and exchanging a table (every sharding
/// type, cut as far as the ranks go; without pooling; as distinct rows), on data that is spread as
/// cost models take it to be, and expects the bytes that this rank has sent, per exchange, to be
/// those of the formulas that plans are priced with, and nothing more than the counts beside them,
/// in one message per other rank and direction, and on several nodes in those of sums within nodes.
/// Called by all ranks of `comm`, of which there is one, or an even number, on `nodes` nodes of
/// equally many. Blocks.
void expect_planned_bytes(Communicator& comm, std::int64_t nodes);

}  // namespace shardwright::synthetic
