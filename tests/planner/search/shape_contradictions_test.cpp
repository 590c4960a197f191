// Constraints that leave a table no shape, and those of which that is not so.

#include "planner/check.hpp"
#include "planner/contradiction.hpp"
#include "planner/search/local/random_stream.hpp"
#include "planner/search/search.hpp"
#include "tests/planner/refusal.hpp"
#include "tests/planner/sample_workload.hpp"
#include "tests/sanitized.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <vector>

namespace shardwright {
namespace {

using enum ShardingType;
using ::testing::AllOf;
using ::testing::HasSubstr;

const std::vector<ShardingType> kAllTypes{kAllShardingTypes.begin(), kAllShardingTypes.end()};
constexpr std::int64_t kRows = 10;
constexpr std::int64_t kDim = 8;
constexpr std::size_t kRanks = 4;

// Tables a, b, c of 10 x 8 on two nodes of two ranks, with room for all on each.
struct Task {
  Workload workload;
  Topology topology = sample_topology(std::vector<std::int64_t>(kRanks, 100'000), 2);
  Task() {
    for (const char* name : {"a", "b", "c"}) {
      workload.tables.push_back(sample_table(name, kRows, kDim));
    }
    workload.batch_size = 4;
  }
  TableConstraints& of_a() { return workload.tables[0].constraints; }
};

SearchResult solve(const Task& task, const std::string& model = "analytic") {
  SearchOptions options;
  options.types = kAllTypes;
  options.memory_model = MemoryModel::weights;
  options.effort.work_limit = 300;
  options.effort.threads = 1;
  return search_plan(task.workload, task.topology, *make_cost_model(model), options);
}

std::string refusal(const std::function<void(Task&)>& constrain,
                    const std::string& model = "analytic") {
  return refusal_of<Contradiction>([&] {
    Task task;
    constrain(task);
    solve(task, model);
  });
}

TEST(ShapeContradictions, NameTheTableAndWhatLeavesItNoShape) {
  EXPECT_THAT(refusal([](Task& task) {
                task.of_a().types = {row_wise};
                task.of_a().max_shards = 1;
              }),
              AllOf(HasSubstr("Table 'a' can have no shape"), HasSubstr("max_shards is 1"),
                    HasSubstr("Change its constraints")));
  EXPECT_THAT(refusal([](Task& task) {
                task.of_a().types = {grid, row_wise};
                task.of_a().max_shards = 1;
              }),
              AllOf(HasSubstr("grid has blocks"), HasSubstr("row_wise has blocks")));
  EXPECT_THAT(refusal([](Task& task) {
                task.of_a().types = {table_row_wise};
                task.of_a().ranks = {RankId(0), RankId(2)};
              }),
              HasSubstr("no whole node is allowed"));
  EXPECT_THAT(refusal([](Task& task) {
                task.of_a().types = {table_row_wise};
                task.topology.ranks[0].excluded = task.topology.ranks[2].excluded = true;
              }),
              HasSubstr("no whole node is allowed"));
  EXPECT_THAT(refusal([](Task& task) {
                task.of_a().types = {grid};
                task.of_a().max_column_width = 4;
                task.of_a().nodes = {1};
              }),
              HasSubstr("2 equally large nodes, but fewer are allowed"));
  EXPECT_THAT(refusal([](Task& task) {
                task.of_a().types = {row_wise, table_wise};
                task.of_a().max_column_width = 4;
              }),
              HasSubstr("max_column_width 4 needs 2 parts"));
}

TEST(ShapeContradictions, AreOfTheCostModelToo) {
  const auto on_two_ranks = [](Task& task) {
    task.of_a().types = {row_wise};
    task.of_a().ranks = {RankId(0), RankId(1)};
  };
  EXPECT_THAT(refusal(on_two_ranks, "torchrec"),
              AllOf(HasSubstr("'a'"), HasSubstr("all ranks by this cost model"),
                    HasSubstr("--cost-model")));
  Task task;
  on_two_ranks(task);
  EXPECT_TRUE(solve(task).plan) << "which the analytic model prices";
}

TEST(ShapeContradictions, AreNamedAmongTablesThatMustBeApart) {
  EXPECT_THAT(
      refusal([](Task& task) {
        task.of_a().types = {row_wise};
        task.of_a().ranks = {RankId(0), RankId(1)};
        task.of_a().apart = {"b"};
        task.workload.tables[1].constraints.nodes = {0};
      }),
      AllOf(HasSubstr("'a' (on 2 ranks or more), 'b' must be apart"), HasSubstr("ranks 0, 1")));
}

TEST(ShapeContradictions, AreNotOfColumnPartsInAGrid) {
  Task task;
  task.of_a().types = {grid};
  task.of_a().max_column_width = 4;
  const SearchResult result = solve(task);
  ASSERT_TRUE(result.plan) << result.explanation;
  EXPECT_EQ(check_plan(*result.plan), std::vector<std::string>{});
}

// Where a table may lie: the shapes that docs/search.md says search knows.
using Shape = std::vector<Shard>;

Shard part(ShardingType type, std::int64_t row_begin, std::int64_t row_end, std::int64_t col_begin,
           std::int64_t col_end, std::size_t rank) {
  return {TableId(0), type, row_begin, row_end, col_begin, col_end, RankId::of(rank)};
}

void add_blocks(ShardingType type, const std::vector<std::size_t>& ranks, std::int64_t col_begin,
                std::int64_t col_end, Shape& shape) {
  const auto count = static_cast<std::int64_t>(ranks.size());
  const std::int64_t block = (kRows + count - 1) / count;
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    const std::int64_t begin = static_cast<std::int64_t>(i) * block;
    shape.push_back(
        part(type, begin, std::min(begin + block, kRows), col_begin, col_end, ranks[i]));
  }
}

void add_columns(std::vector<Shape>& shapes) {
  for (std::size_t a = 0; a < kRanks; ++a) {
    for (const ShardingType type : {table_wise, column_wise, table_column_wise}) {
      shapes.push_back({part(type, 0, kRows, 0, kDim, a)});
      for (std::size_t b = 0; b < kRanks && type != table_wise; ++b) {
        shapes.push_back({part(type, 0, kRows, 0, 4, a), part(type, 0, kRows, 4, kDim, b)});
      }
    }
  }
}

// Over 2 ranks, and over all that are allowed.
void add_row_wise(const std::vector<std::size_t>& allowed, std::vector<Shape>& shapes) {
  if (allowed.empty()) return;
  add_blocks(row_wise, allowed, 0, kDim, shapes.emplace_back());
  for (const std::size_t a : allowed) {
    for (const std::size_t b : allowed) {
      if (a < b) add_blocks(row_wise, {a, b}, 0, kDim, shapes.emplace_back());
    }
  }
}

void add_in_nodes(std::vector<Shape>& shapes) {
  const std::vector<std::vector<std::size_t>> nodes = {{0, 1}, {2, 3}};
  for (const auto& node : nodes) {
    add_blocks(table_row_wise, node, 0, kDim, shapes.emplace_back());
    add_blocks(grid, node, 0, kDim, shapes.emplace_back());
  }
  Shape& both = shapes.emplace_back();
  add_blocks(grid, nodes[0], 0, 4, both);
  add_blocks(grid, nodes[1], 4, kDim, both);
}

std::vector<std::size_t> allowed_ranks(const Task& task, const Table& table) {
  const auto& asked = table.constraints.ranks;
  std::vector<std::size_t> ranks;
  for (std::size_t rank = 0; rank < kRanks; ++rank) {
    const bool named =
        asked.empty() || std::find(asked.begin(), asked.end(), RankId::of(rank)) != asked.end();
    if (named && !task.topology.ranks[rank].excluded) ranks.push_back(rank);
  }
  return ranks;
}

// The ranks of each shape of the table that its own constraints allow.
std::vector<std::set<std::size_t>> places_of(const Task& task, std::size_t table) {
  Plan plan;
  plan.workload.batch_size = task.workload.batch_size;
  plan.workload.tables = {task.workload.tables[table]};
  plan.workload.tables[0].constraints.apart.clear();
  plan.topology = task.topology;
  plan.memory_model = MemoryModel::weights;
  std::vector<Shape> shapes = {{{TableId(0), data_parallel, 0, kRows, 0, kDim, {}}}};
  add_columns(shapes);
  add_row_wise(allowed_ranks(task, task.workload.tables[table]), shapes);
  add_in_nodes(shapes);
  std::vector<std::set<std::size_t>> places;
  for (const Shape& shape : shapes) {
    plan.shards = shape;
    if (shape.empty() || !check_plan(plan).empty()) continue;
    std::set<std::size_t> ranks;
    for (std::size_t rank = 0; rank < kRanks; ++rank) {
      for (const Shard& shard : shape) {
        if (shard.on(RankId::of(rank))) ranks.insert(rank);
      }
    }
    places.push_back(ranks);
  }
  return places;
}

bool share(const std::set<std::size_t>& a, const std::set<std::size_t>& b) {
  return std::any_of(a.begin(), a.end(), [&](std::size_t rank) { return b.contains(rank); });
}

bool any_placement(const Task& task) {
  const auto& tables = task.workload.tables;
  std::vector<std::vector<std::set<std::size_t>>> places;
  for (std::size_t i = 0; i < tables.size(); ++i) places.push_back(places_of(task, i));
  std::vector<std::set<std::size_t>> chosen;
  const std::function<bool()> place = [&] {
    const std::size_t now = chosen.size();
    if (now == tables.size()) return true;
    for (const auto& ranks : places[now]) {
      bool apart = true;
      for (std::size_t other = 0; other < now; ++other) {
        const auto names = [&](const Table& one, const Table& two) {
          const auto& list = one.constraints.apart;
          return std::find(list.begin(), list.end(), two.name) != list.end();
        };
        const bool must = names(tables[now], tables[other]) || names(tables[other], tables[now]);
        apart = apart && !(must && share(ranks, chosen[other]));
      }
      if (!apart) continue;
      chosen.push_back(ranks);
      if (place()) return true;
      chosen.pop_back();
    }
    return false;
  };
  return place();
}

std::vector<ShardingType> draw_types(RandomStream& random) {
  std::vector<ShardingType> types = {kAllTypes[random.below(kAllTypes.size())]};
  if (random.below(3) == 0) types.push_back(kAllTypes[random.below(kAllTypes.size())]);
  return types;
}

Task draw_task(RandomStream& random) {
  Task task;
  for (Table& table : task.workload.tables) {
    TableConstraints& asked = table.constraints;
    if (random.below(4) > 0) asked.types = draw_types(random);
    if (random.below(4) == 0) asked.max_shards = static_cast<std::int64_t>(1 + random.below(4));
    if (random.below(6) == 0) asked.max_column_width = 4;
    if (random.below(6) == 0) asked.min_column_width = 8;
    for (const char* other : {"a", "b", "c"}) {
      if (other != table.name && random.below(6) == 0) asked.apart.emplace_back(other);
    }
    for (std::size_t rank = 0; rank < kRanks && random.below(2) == 0; ++rank) {
      if (random.below(4) > 0) asked.ranks.push_back(RankId::of(rank));
    }
  }
  task.topology.ranks[random.below(kRanks)].excluded = random.below(4) == 0;
  return task;
}

TEST(ShapeContradictions, AreClaimedWhereNoShapesGoTogetherAndNowhereElse) {
  constexpr std::uint64_t kTasks = testing::kSanitized ? 100 : 1'500;
  int refused = 0;
  int found = 0;
  int missed = 0;
  for (std::uint64_t seed = 0; seed < kTasks; ++seed) {
    SCOPED_TRACE(seed);
    RandomStream random(seed, 23);
    const Task task = draw_task(random);
    const bool possible = any_placement(task);
    try {
      const SearchResult result = solve(task);
      EXPECT_LE(result.plan.has_value(), possible);
      found += result.plan ? 1 : 0;
      missed += result.plan ? 0 : 1;
    } catch (const Contradiction& error) {
      EXPECT_FALSE(possible) << error.what();
      ++refused;
    }
  }
  EXPECT_GT(refused, static_cast<int>(kTasks / 10));
  EXPECT_GT(found, static_cast<int>(kTasks / 10));
  // Several tables that contradict only all together, or that packing does not get apart.
  EXPECT_LE(missed, static_cast<int>(kTasks / 50));
}

}  // namespace
}  // namespace shardwright
