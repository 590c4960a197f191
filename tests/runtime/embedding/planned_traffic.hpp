#pragma once

#include "runtime/comm/communicator.hpp"

namespace shardwright::synthetic {

/// Runs one step of a plan that has every way of placing and exchanging a table (every sharding
/// type, cut as far as the ranks go; without pooling; as distinct rows), on data that is spread as
/// cost models take it to be, and expects the bytes that this rank has sent, per exchange, to be
/// those of the formulas that plans are priced with, and nothing more than the counts beside them,
/// in one message per other rank and direction. Called by all ranks of `comm`, of which there is
/// one, or an even number. Blocks.
void expect_planned_bytes(Communicator& comm);

}  // namespace shardwright::synthetic
