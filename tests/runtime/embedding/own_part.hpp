#pragma once

#include "tests/runtime/embedding/synthetic_run.hpp"

namespace shardwright::synthetic {

/// What this rank must contribute to the outcome of a run on one rank, by the plan alone: a value
/// that it should have and does not is a difference, be it zero.
Outcome own_part(const Plan& plan, const Communicator& comm, const Outcome& whole);

}  // namespace shardwright::synthetic
