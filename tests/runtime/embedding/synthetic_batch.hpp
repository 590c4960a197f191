#pragma once

#include "costmodel/table.hpp"
#include "runtime/comm/communicator.hpp"
#include "runtime/data/batch.hpp"

#include <cstdint>
#include <span>
#include <vector>

// The batches of synthetic runs, made of hashes: ids, per-sample weights and gradients depend only
// on (step, global sample, feature or column), never on ranks or plans.
namespace shardwright::synthetic {

inline constexpr std::int64_t kSteps = 50;

/// Samples of a step over all ranks: 0 to 16.
std::int64_t global_samples(std::int64_t step);
/// Samples [begin, end) of a step.
Batch make_batch(const Workload& workload, std::int64_t step, std::int64_t begin, std::int64_t end);
/// This rank's share: uneven, and nothing on some ranks.
Batch make_share(const Workload& workload, std::int64_t step, const Communicator& comm);
Batch make_share_of(const Workload& workload, std::int64_t step, std::int64_t ranks,
                    std::int64_t rank);
/// d loss / d pooled of the batch's samples.
std::vector<float> make_gradient(std::int64_t step, const Batch& batch, std::int64_t columns);

/// d loss / d vectors of the batch's ids, as ShardedEmbeddings takes them.
std::vector<float> make_vector_gradient(const Workload& workload, std::int64_t step,
                                        const Batch& batch);

/// Appends the vectors of a step's global batch to `all`: zeros, but for this rank's `own` part,
/// whose vectors these are.
void append_vectors(const Workload& workload, std::int64_t step, const Batch& own,
                    std::span<const float> vectors, std::vector<float>& all);

}  // namespace shardwright::synthetic
