#pragma once

#include "planner/plan.hpp"
#include "runtime/comm/communicator.hpp"
#include "runtime/data/batch.hpp"
#include "runtime/embedding/sharded_embeddings.hpp"

#include <cstdint>

// Plans, and data that is spread as cost models take it to be: every bag names every row once.
namespace shardwright::synthetic {

inline constexpr std::int64_t kMeanSamples = 2;  ///< of a rank

/// Every way of placing and exchanging a table: every sharding type, cut as far as the ranks go;
/// without pooling; as distinct rows. `nodes`, each of as many ranks, one or an even number.
Plan plan_of_everything(std::int64_t ranks, std::int64_t nodes);
/// The same without data_parallel tables and those that send distinct rows.
Plan plan_of_owned_tables(std::int64_t ranks, std::int64_t nodes);
/// One table, of two features, with a block of its rows on each rank.
Plan plan_of_row_blocks(std::int64_t ranks, std::int64_t nodes);

/// Three for even ranks, one for odd ones.
std::int64_t samples_of(std::int64_t rank);
Batch batch_of_all_rows(const Plan& plan, std::int64_t rank);

/// One step of this rank. Blocks.
EmbeddingPhases traffic_step(const Plan& plan, Communicator& comm);

}  // namespace shardwright::synthetic
