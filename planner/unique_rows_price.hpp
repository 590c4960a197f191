#pragma once

#include "costmodel/cost_model.hpp"
#include "planner/plan.hpp"

#include <span>
#include <vector>

namespace shardwright {

/// Different ids of a table in one rank's share of the batch, expected (expected_unique_rows()).
double unique_ids_of_rank(const Table& table, const Workload& workload, const Topology& topology);

/// The plan's tables as cost models are to take them: one that is exchanged as distinct rows looks
/// like an unpooled table with as many ids as all ranks ask for, u each of W: 8·u bytes of ids to
/// its owners, 4·u·D of rows and as many of gradients back, W·u look-ups that touch as many rows as
/// ever. The same workload where there is no such table.
Workload workload_as_exchanged(const Plan& plan);

/// Bytes that a rank's memory moves for what it does itself with its samples.
struct PoolingBytes {
  double forward = 0;
  double backward = 0;
  PoolingBytes& operator+=(const PoolingBytes& other);
};
/// Of a table that is exchanged as distinct rows: with b samples, L ids and D columns, pooling them
/// reads 4·D·L·b bytes and writes 4·D·features·b; summing gradients reads 4·D·L·b and writes 4·D·u;
/// both go over 8·L·b of ids.
PoolingBytes pooling_bytes(const Plan& plan, TableId table);
/// At the bandwidth of the memory of a rank of `spec`, not fitted.
void add_pooling_work(const PoolingBytes& bytes, const RankSpec& spec, PhaseTimes& times);
/// To the times of every rank.
void add_pooling_work(const PoolingBytes& bytes, const Topology& topology,
                      std::span<PhaseTimes> times);

/// The model's times of plan.shards, plan.unique_rows regarded.
std::vector<PhaseTimes> price_plan(const Plan& plan, const CostModel& cost_model);

}  // namespace shardwright
