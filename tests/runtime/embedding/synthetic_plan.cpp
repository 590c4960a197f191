#include "tests/runtime/embedding/synthetic_plan.hpp"

#include "tests/runtime/embedding/below.hpp"

#include <array>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace shardwright::synthetic {
namespace {

Table make_table(const char* name, std::int64_t rows, std::int64_t dim,
                 std::vector<std::string> features, const Training& training) {
  Table table;
  table.name = name;
  table.rows = rows;
  table.dim = dim;
  table.features = std::move(features);
  table.mode = training.mode;
  table.weighted = training.weighted;
  table.optimizer = training.optimizer;
  table.dtype = training.dtype;
  return table;
}

using Random = std::mt19937_64;

RankId random_rank(std::int64_t ranks, Random& random) { return RankId{below(random(), ranks)}; }

struct Range {
  std::int64_t begin = 0, end = 0;
};

/// At most so many parts of [0, size), of random widths that are multiples of `step`.
std::vector<Range> cut(std::int64_t size, std::int64_t most, std::int64_t step, Random& random) {
  std::vector<Range> parts;
  for (std::int64_t begin = 0; begin < size;) {
    const std::int64_t left = (size - begin) / step;
    const bool last = std::ssize(parts) + 1 == most;
    parts.push_back({begin, begin + step * (last ? left : 1 + below(random(), left))});
    begin = parts.back().end;
  }
  return parts;
}

constexpr std::int64_t kRanksPerNode = 2;

/// Two, but the last node may have one.
std::vector<RankId> ranks_of_random_node(std::int64_t ranks, Random& random) {
  const std::int64_t nodes = (ranks + kRanksPerNode - 1) / kRanksPerNode;
  const std::int64_t first = kRanksPerNode * below(random(), nodes);
  std::vector<RankId> members = {RankId{first}};
  if (first + 1 < ranks) members.emplace_back(first + 1);
  return members;
}

/// Rows of some columns over the ranks of a node.
void add_node_rows(Plan& plan, const Shard& whole, ShardingType type, Random& random) {
  const std::vector<RankId> members = ranks_of_random_node(plan.topology.size(), random);
  const auto parts = cut(whole.rows(), std::ssize(members), 1, random);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    Shard shard = whole;
    shard.type = type;
    shard.row_begin = parts[i].begin;
    shard.row_end = parts[i].end;
    shard.rank = members[i];
    plan.shards.push_back(shard);
  }
}

std::vector<Shard> column_shards(const Shard& whole, ShardingType type, Random& random) {
  std::vector<Shard> shards;
  for (const Range& part : cut(whole.columns(), 6, 4, random)) {
    Shard& shard = shards.emplace_back(whole);
    shard.type = type;
    shard.col_begin = part.begin;
    shard.col_end = part.end;
  }
  return shards;
}

void add_row_shards(Plan& plan, const Shard& whole, Random& random) {
  for (const Range& part : cut(whole.rows(), 5, 1, random)) {
    Shard& shard = plan.shards.emplace_back(whole);
    shard.row_begin = part.begin;
    shard.row_end = part.end;
    shard.type = ShardingType::row_wise;
    shard.rank = random_rank(plan.topology.size(), random);
  }
}

void add_shards(Plan& plan, std::size_t t, ShardingType type, Random& random) {
  const Table& table = plan.workload.tables[t];
  const std::int64_t ranks = plan.topology.size();
  const Shard whole{.table = TableId::of(t),
                    .type = type,
                    .row_end = table.rows,
                    .col_end = table.dim,
                    .rank = {}};
  switch (type) {
    case ShardingType::table_wise:
      plan.shards.push_back(whole);
      plan.shards.back().rank = random_rank(ranks, random);
      return;
    case ShardingType::data_parallel:
      return plan.shards.push_back(whole);
    case ShardingType::row_wise:
      return add_row_shards(plan, whole, random);
    case ShardingType::table_row_wise:
      return add_node_rows(plan, whole, type, random);
    case ShardingType::grid:
      for (const Shard& columns : column_shards(whole, type, random)) {
        add_node_rows(plan, columns, type, random);
      }
      return;
    case ShardingType::column_wise:
    case ShardingType::table_column_wise: {
      const auto members = ranks_of_random_node(ranks, random);
      for (Shard& shard : column_shards(whole, type, random)) {
        shard.rank = type == ShardingType::column_wise
                         ? random_rank(ranks, random)
                         : members[static_cast<std::size_t>(below(random(), std::ssize(members)))];
        plan.shards.push_back(shard);
      }
      return;
    }
  }
}

ShardingType type_of(Sharding sharding, std::size_t t, Random& random) {
  constexpr std::array kEvery = {ShardingType::table_wise,        ShardingType::column_wise,
                                 ShardingType::row_wise,          ShardingType::table_row_wise,
                                 ShardingType::table_column_wise, ShardingType::grid,
                                 ShardingType::data_parallel};
  switch (sharding) {
    case Sharding::table_wise:
      return ShardingType::table_wise;
    case Sharding::column_wise:
      return ShardingType::column_wise;
    case Sharding::mixed:
      return random() % 2 == 0 || t == 2 ? ShardingType::column_wise : ShardingType::table_wise;
    case Sharding::row_wise:
      return ShardingType::row_wise;
    case Sharding::table_row_wise:
      return ShardingType::table_row_wise;
    case Sharding::table_column_wise:
      return ShardingType::table_column_wise;
    case Sharding::grid:
      return ShardingType::grid;
    case Sharding::data_parallel:
      return ShardingType::data_parallel;
    case Sharding::every:
      break;
  }
  return kEvery[static_cast<std::size_t>(below(random(), std::ssize(kEvery)))];
}

}  // namespace

Workload make_workload(const Training& training) {
  Workload workload;
  workload.tables = {make_table("users", 2000, 8, {"user"}, training),
                     make_table("items", 37, 12, {"seen", "liked"}, training),
                     make_table("tags", 5, 24, {"tags"}, training),
                     make_table("single", 1, 4, {"single"}, training)};
  if (training.unpooled) {
    workload.tables[0].mode = PoolingMode::none;
    workload.tables[1].mode = PoolingMode::none;
  }
  return workload;
}

Plan make_plan(const Training& training, Sharding sharding, std::int64_t ranks,
               std::uint64_t seed) {
  return place(make_workload(training), sharding, ranks, seed);
}

Plan place(const Workload& workload, Sharding sharding, std::int64_t ranks, std::uint64_t seed) {
  Plan plan;
  plan.workload = workload;
  plan.topology.ranks.resize(static_cast<std::size_t>(ranks));
  for (std::size_t r = 0; r < plan.topology.ranks.size(); ++r) {
    plan.topology.ranks[r].node = static_cast<std::int64_t>(r) / kRanksPerNode;
  }
  Random random(seed);
  for (std::size_t t = 0; t < plan.workload.tables.size(); ++t) {
    add_shards(plan, t, type_of(sharding, t, random), random);
  }
  return plan;
}

Plan on_one_rank(Plan plan) {
  plan.topology.ranks.resize(1);
  for (Shard& shard : plan.shards) shard.rank = RankId{0};
  return plan;
}

}  // namespace shardwright::synthetic
