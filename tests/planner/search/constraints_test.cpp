// Constraints from a file, what each of them does to plans, and contradictions.

#include "costmodel/errors.hpp"
#include "planner/check.hpp"
#include "planner/search/local/random_stream.hpp"
#include "planner/search/search.hpp"
#include "planner/spec/constraints_json.hpp"
#include "tests/planner/refusal.hpp"
#include "tests/planner/sample_workload.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <vector>

namespace shardwright {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Tables a, b, c, d of 10 x 8 on four roomy ranks, two to a node.
struct Task {
  Workload workload;
  Topology topology = sample_topology({4000, 4000, 4000, 4000}, 2);
  Task() {
    for (const char* name : {"a", "b", "c", "d"}) {
      workload.tables.push_back(sample_table(name, 10, 8));
    }
    workload.batch_size = 4;
  }
};

void apply(const std::string& members, Task& task) {
  apply_constraints({"c.json", R"({"schema": "shardwright.constraints/1", )" + members + "}"},
                    task.workload, task.topology);
}

SearchResult solve(const Task& task, const std::string& algorithm = "search") {
  SearchOptions options;
  options.algorithm = algorithm;
  options.memory_model = MemoryModel::weights;
  options.objective = Objective::max_sum;
  options.effort.work_limit = 500;
  options.effort.threads = 1;
  const auto model = make_cost_model("torchrec");
  return search_plan(task.workload, task.topology, *model, options);
}

std::string refusal(const std::string& members) {
  return refusal_of<InputError>([&] {
    Task task;
    apply(members, task);
    solve(task);
  });
}

std::set<std::int64_t> ranks_of(const Plan& plan, std::size_t table) {
  std::set<std::int64_t> ranks;
  for (const Shard& shard : plan.shards) {
    if (shard.table.index() == table) ranks.insert(shard.rank->value());
  }
  return ranks;
}

TEST(ConstraintsFile, ReplacesWhatTheSpecSays) {
  Task task;
  task.workload.tables[0].constraints.max_shards = 2;
  apply(R"("tables": [{"name": "*", "dtype": "bf16"},
                      {"name": "a", "optimizer": "adam", "constraints": {"ranks": [1]}}],
           "reserved_bytes": [0, 10, 0, 0], "excluded_ranks": [3])",
        task);
  EXPECT_EQ(task.workload.tables[3].dtype, DataType::bf16);
  EXPECT_EQ(task.workload.tables[0].optimizer, OptimizerKind::adam);
  EXPECT_EQ(task.workload.tables[0].constraints.max_shards, 2);
  EXPECT_THAT(task.workload.tables[0].constraints.ranks, ElementsAre(RankId(1)));
  EXPECT_EQ(task.topology.ranks[1].usable(), Bytes(3990));
  EXPECT_TRUE(task.topology.ranks[3].excluded);
}

TEST(ConstraintsFile, SaysWhereItIsWrong) {
  EXPECT_THAT(refusal(R"("tables": [{"name": "a", "constraints": {"ranks": [-1]}}])"),
              HasSubstr("c.json: tables[0].constraints.ranks[0] is -1"));
  EXPECT_THAT(refusal(R"("apart": [["a", "bb"]])"),
              AllOf(HasSubstr("apart[0][1]"), HasSubstr("did you mean")));
  EXPECT_THAT(refusal(R"("together": [["a", "a"]])"), HasSubstr("together[0][1]"));
  EXPECT_THAT(refusal(R"("excluded_ranks": [4])"), HasSubstr("excluded_ranks[0] is 4"));
  EXPECT_THAT(refusal(R"("reserved_bytes": [1])"), HasSubstr("one for each of the 4 ranks"));
}

class EveryAlgorithm : public ::testing::TestWithParam<std::string> {};

TEST_P(EveryAlgorithm, KeepsWhatIsAsked) {
  Task task;
  apply(R"("tables": [{"name": "b", "constraints": {"nodes": [1]}}],
           "together": [["a", "b"]], "apart": [["a", "c", "d"]], "excluded_ranks": [1])",
        task);
  const auto result = solve(task, GetParam());
  ASSERT_TRUE(result.plan) << result.explanation;
  EXPECT_THAT(check_plan(*result.plan), ElementsAre());
  EXPECT_EQ(ranks_of(*result.plan, 0), ranks_of(*result.plan, 1));
  EXPECT_GE(*ranks_of(*result.plan, 0).begin(), 2);
  EXPECT_EQ(result.plan->reasons.size(), 4U);
}

INSTANTIATE_TEST_SUITE_P(All, EveryAlgorithm,
                         ::testing::Values("search", "random", "round_robin", "size_greedy",
                                           "dim_greedy", "lookup_greedy", "size_lookup_greedy"));

TEST(Constraints, AreRefusedByThoseThatCannotKeepThem) {
  for (const char* algorithm : {"neuroshard", "torchrec_greedy"}) {
    Task task;
    apply(R"("apart": [["a", "b"]])", task);
    EXPECT_THAT(refusal_of<UsageError>([&] { solve(task, algorithm); }),
                AllOf(HasSubstr(algorithm), HasSubstr("apart")));
  }
}

TEST(Contradictions, AreNamed) {
  EXPECT_THAT(refusal(R"("together": [["a", "b"], ["b", "c"]], "apart": [["c", "a"]])"),
              AllOf(HasSubstr("'c' and 'a'"), HasSubstr("together"), HasSubstr("apart")));
  EXPECT_THAT(refusal(R"("together": [["a", "b"]], "tables": [
                           {"name": "a", "constraints": {"ranks": [0]}},
                           {"name": "b", "constraints": {"nodes": [1]}}])"),
              AllOf(HasSubstr("'a', 'b' must share one rank"), HasSubstr("no rank is allowed")));
  EXPECT_THAT(refusal(R"("together": [["a", "b"]], "tables": [
                           {"name": "b", "constraints": {"max_column_width": 4}}])"),
              HasSubstr("'b' must be cut to a max_column_width of 4"));
  EXPECT_THAT(refusal(R"("apart": [["a", "b", "c"]], "tables": [
                           {"name": "*", "constraints": {"nodes": [0]}}])"),
              AllOf(HasSubstr("'a', 'b', 'c' must be apart"), HasSubstr("ranks 0, 1")));
  EXPECT_THAT(refusal(R"("tables": [{"name": "a", "constraints": {"ranks": [0]}}],
                         "excluded_ranks": [0])"),
              HasSubstr("'a' may use no rank"));
  EXPECT_THAT(refusal(R"("tables": [{"name": "a", "constraints": {"nodes": [2]}}])"),
              HasSubstr("'a' is constrained to node 2"));
  EXPECT_THAT(refusal(R"("excluded_ranks": [0, 1, 2, 3])"), HasSubstr("Every rank"));
}

// Three tables on three ranks, uncut and with room for all: is there a placement at all?
bool any_placement(const Task& task) {
  Plan plan;
  plan.workload = task.workload;
  plan.topology = task.topology;
  plan.memory_model = MemoryModel::weights;
  const auto ranks = static_cast<std::int64_t>(task.topology.ranks.size());
  const std::function<bool(std::size_t)> place = [&](std::size_t table) {
    if (table == task.workload.tables.size()) return check_plan(plan).empty();
    for (std::int64_t rank = 0; rank < ranks; ++rank) {
      plan.shards.push_back(
          {TableId::of(table), ShardingType::table_wise, 0, 10, 0, 8, RankId(rank)});
      const bool found = place(table + 1);
      plan.shards.pop_back();
      if (found) return true;
    }
    return false;
  };
  return place(0);
}

TEST(Contradictions, AreClaimedOnlyWhereThereIsNoPlan) {
  int refused = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    SCOPED_TRACE(seed);
    RandomStream random(seed, 5);
    Task task;
    task.topology.ranks.pop_back();
    for (Table& table : task.workload.tables) {
      table.constraints.types = {ShardingType::table_wise};
      const std::string other(1, static_cast<char>('a' + random.below(4)));
      if (random.below(3) == 0 && other != table.name) table.constraints.together = {other};
      for (const char name : {'a', 'b', 'c', 'd'}) {
        if (random.below(3) != 0 || table.name[0] == name) continue;
        table.constraints.apart.emplace_back(1, name);
      }
      if (random.below(3) == 0) {
        table.constraints.ranks = {RankId(static_cast<std::int64_t>(random.below(3)))};
      }
    }
    task.topology.ranks[2].excluded = random.below(3) == 0;
    const bool possible = any_placement(task);
    try {
      EXPECT_EQ(solve(task).plan.has_value(), possible);
    } catch (const InputError& error) {
      EXPECT_FALSE(possible) << error.what();
      EXPECT_THAT(error.what(), HasSubstr("'"));
      ++refused;
    }
  }
  EXPECT_GT(refused, 50);
}

}  // namespace
}  // namespace shardwright
