#pragma once

#include "costmodel/ids.hpp"
#include "costmodel/table.hpp"
#include "runtime/data/batch.hpp"
#include "runtime/embedding/sharded_embeddings.hpp"
#include "runtime/exchange/layout.hpp"

namespace shardwright {

/// Where a batch's ids come from and go to, for messages.
struct IdContext {
  const PooledFeature& feature;
  const Table& table;
  RankId rank;
};

/// Throws InputError unless the bags fit the batch: one length ≥ 0 per sample, as many ids as the
/// lengths add up to, one weight per id exactly if the table is weighted.
void require_consistent_bags(const IdContext& context, const Batch& batch, const Bags& bags);

/// Applies the policy to ids outside [0, table.rows). Throws InputError naming feature, table, id,
/// sample and rank for BadIdPolicy::error.
void make_ids_legal(const IdContext& context, const Batch& batch, BadIdPolicy policy, Bags& bags);

/// Both for all features of a batch; throws InputError too if it has not as many as the layout.
void check_batch_ids(const ExchangeLayout& layout, const Workload& workload, RankId rank,
                     BadIdPolicy policy, Batch& batch);

}  // namespace shardwright
