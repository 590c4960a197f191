#pragma once

#include "costmodel/json/json_view.hpp"
#include "costmodel/table.hpp"
#include "costmodel/topology.hpp"

#include <cstdint>
#include <string>

namespace shardwright {

/// What a rank keeps of a batch of `samples` of its own as it was read: ids, their weights and the
/// bags' lengths, dense features, labels and, of shuffled data, the samples' numbers.
Bytes bytes_of_batch(const Workload& workload, std::int64_t num_dense, std::int64_t samples,
                     bool shuffled);

/// Adds to the memory that every rank has reserved the batches that a training by this config
/// ("shardwright.train/1") reads ahead, those of the training part and, when it evaluates, as many
/// of the test part; returns the sentence that says so. `num_dense`: dense features of a sample.
/// Throws InputError: place, value, what was expected; or a rank that has less.
std::string reserve_read_ahead(const JsonView& config, const Workload& workload,
                               std::int64_t num_dense, Topology& topology);

/// Whether such a training exchanges the next batch's ids while it computes. Throws InputError.
bool overlaps(const JsonView& config);

}  // namespace shardwright
