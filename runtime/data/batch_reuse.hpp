#pragma once

#include "costmodel/table.hpp"
#include "runtime/data/dataset.hpp"

#include <cstdint>
#include <vector>

namespace shardwright {

/// Measures how often a batch looks up the same rows, and puts it into `tables` (reuse,
/// reuse_batch_size): the mean histogram over up to ten batches of `batch_size` samples, evenly
/// spread over the data set; those without a lookup are left out, and a table without any keeps no
/// histogram. A data set smaller than one batch is taken whole.
void measure_batch_reuse(const Dataset& dataset, std::int64_t batch_size,
                         std::vector<Table>& tables);

}  // namespace shardwright
