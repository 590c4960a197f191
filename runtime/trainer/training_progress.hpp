#pragma once

#include "costmodel/json/json_view.hpp"
#include "runtime/trainer/train_summary.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>

namespace shardwright {

// How far a training job is, as a checkpoint's index has it in "progress": the position in the
// data, which is the number of steps taken (training_math.md, "Steps"), and the sums behind the
// figures of its summary. Nothing in training is random once the initial weights are made, so there
// is no generator to keep.

/// `metrics_bytes`: of metrics.jsonl, whose lines so far belong to these steps.
nlohmann::json progress_to_json(const TrainSummary& summary, std::int64_t metrics_bytes);

/// Sets what `progress` has in `summary`; what was measured per phase and rank only if `same_plan`,
/// for other ranks' figures cannot be added to it. Returns metrics_bytes. Throws InputError.
std::int64_t restore_progress(const JsonView& progress, bool same_plan, TrainSummary& summary);

}  // namespace shardwright
