#pragma once

#include "costmodel/table.hpp"

#include <cstdint>

namespace shardwright {

/// Expected number of distinct rows of a table that one global batch of `batch_size` samples looks
/// up. From the table's reuse histogram where it has one (lookups / mean reuse; rescaled if it was
/// measured at another batch), else from the Zipf law with skew 1.05. At most rows and at most
/// lookups. Takes some 10 µs.
double expected_unique_rows(const Table& table, std::int64_t batch_size);

}  // namespace shardwright
