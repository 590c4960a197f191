#pragma once

#include "costmodel/neural/comm_model.hpp"

#include <span>

namespace shardwright {

bool knows_kind(const CommModel& model, CollectiveKind kind);

/// Whether the model was fitted to timings of all these kinds; not if to none of them. Throws
/// UsageError for a model that knows some only, which would price a part of what ranks do.
bool knows_kinds(const CommModel& model, std::span<const CollectiveKind> kinds);

}  // namespace shardwright
