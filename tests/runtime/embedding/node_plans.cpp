#include "tests/runtime/embedding/node_plans.hpp"

#include "costmodel/node_relays.hpp"

#include <algorithm>
#include <span>

namespace shardwright::synthetic {
namespace {

struct Columns {
  std::int64_t begin = 0, end = 0;
};

/// Rows in even blocks over the ranks, from the last one back.
void cut_rows(Plan& plan, TableId table, ShardingType type, Columns columns,
              std::span<const RankId> ranks) {
  const std::int64_t rows = plan.workload.table(table).rows;
  const std::int64_t parts = std::min(rows, std::ssize(ranks));
  for (std::int64_t part = 0; part < parts; ++part) {
    plan.shards.push_back({table, type, rows * part / parts, rows * (part + 1) / parts,
                           columns.begin, columns.end,
                           ranks[ranks.size() - 1 - static_cast<std::size_t>(part)]});
  }
}

void add_rows(Plan& plan, const NodeRelays& nodes, TableId table) {
  cut_rows(plan, table, ShardingType::table_row_wise, {0, plan.workload.table(table).dim},
           nodes.members(table.index() % nodes.num_nodes()));
}

void add_grid(Plan& plan, const NodeRelays& nodes, TableId table) {
  const std::int64_t dim = plan.workload.table(table).dim;
  const std::int64_t half = dim < 8 ? dim : dim / 8 * 4;
  const std::size_t node = table.index();
  cut_rows(plan, table, ShardingType::grid, {0, half}, nodes.members(node % nodes.num_nodes()));
  if (half == dim) return;
  cut_rows(plan, table, ShardingType::grid, {half, dim},
           nodes.members((node + 1) % nodes.num_nodes()));
}

/// Each block has half of the rows that are left, but the last, which has them all.
void cut_unevenly(Plan& plan, TableId table, const std::vector<RankId>& ranks) {
  const Table& of = plan.workload.table(table);
  std::int64_t begin = 0;
  for (std::size_t i = 0; i < ranks.size() && begin < of.rows; ++i) {
    const std::int64_t left = of.rows - begin;
    const std::int64_t rows = i + 1 == ranks.size() ? left : (left + 1) / 2;
    plan.shards.push_back(
        {table, ShardingType::row_wise, begin, begin + rows, 0, of.dim, ranks[i]});
    begin += rows;
  }
}

std::vector<RankId> all_ranks(const Topology& topology) {
  std::vector<RankId> ranks;
  for (std::size_t r = 0; r < topology.ranks.size(); ++r) ranks.push_back(RankId::of(r));
  return ranks;
}

Plan empty_plan(const Training& training, const Topology& topology) {
  Plan plan;
  plan.workload = make_workload(training);
  plan.topology = topology;
  return plan;
}

}  // namespace

Topology ranks_on(const std::vector<std::int64_t>& nodes) {
  Topology topology;
  for (const std::int64_t node : nodes) topology.ranks.emplace_back().node = node;
  return topology;
}

Plan rows_over_nodes(const Training& training, const Topology& topology) {
  Plan plan = empty_plan(training, topology);
  const NodeRelays nodes(topology);
  for (std::size_t t = 0; t < 4; ++t) add_rows(plan, nodes, TableId::of(t));
  return plan;
}

Plan grids_over_nodes(const Training& training, const Topology& topology) {
  Plan plan = empty_plan(training, topology);
  const NodeRelays nodes(topology);
  for (std::size_t t = 0; t < 4; ++t) add_grid(plan, nodes, TableId::of(t));
  return plan;
}

Plan types_over_nodes(const Training& training, const Topology& topology) {
  Plan plan = empty_plan(training, topology);
  const NodeRelays nodes(topology);
  add_grid(plan, nodes, TableId{0});
  add_rows(plan, nodes, TableId{1});
  cut_rows(plan, TableId{2}, ShardingType::row_wise, {0, plan.workload.tables[2].dim},
           all_ranks(topology));
  cut_rows(plan, TableId{3}, ShardingType::table_wise, {0, plan.workload.tables[3].dim},
           all_ranks(topology));
  return plan;
}

Plan blocks_over_nodes(const Training& training, const Topology& topology) {
  Plan plan = empty_plan(training, topology);
  const RankId first{0};
  const RankId last{topology.size() - 1};
  cut_unevenly(plan, TableId{0}, all_ranks(topology));
  cut_unevenly(plan, TableId{1}, {last, first, last, RankId{1}});
  cut_unevenly(plan, TableId{2}, {first, last, first});
  cut_unevenly(plan, TableId{3}, {RankId{topology.size() / 2}});
  return plan;
}

Plan on_one_node(Plan plan) {
  for (RankSpec& rank : plan.topology.ranks) rank.node = 0;
  return plan;
}

}  // namespace shardwright::synthetic
