// The baseline `neuroshard` fails where the original fails, and `search` does not.
#include "planner/search/search.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace shardwright {
namespace {

Table table_of(const std::string& name, std::int64_t rows, std::int64_t dim) {
  Table table;
  table.name = name;
  table.features = {name};
  table.rows = rows;
  table.dim = dim;
  return table;
}

SearchResult solve(const std::string& algorithm, const Workload& workload,
                   const std::string& topology) {
  SearchOptions options;
  options.algorithm = algorithm;
  options.memory_model = MemoryModel::weights;
  options.objective = Objective::max_sum;
  options.effort.work_limit = 20'000;
  return search_plan(workload, read_topology(topology), *make_cost_model("torchrec"), options);
}

// 12.4 of 16 GB: 49 tables of 10 MB and one of 11.9 GB, which must be cut in four to fit.
Workload one_giant(std::size_t place) {
  Workload workload;
  workload.batch_size = 65'536;
  for (std::size_t i = 0; i < 50; ++i) {
    const std::int64_t rows = i == place ? 23'242'187 : 39'062 - static_cast<std::int64_t>(i);
    workload.tables.push_back(table_of(fmt::format("t{}", i), rows, i == place ? 128 : 64));
  }
  return workload;
}

TEST(NeuroshardQuirks, WhileNothingFitsItsSuccessDependsOnTheOrderOfTables) {
  EXPECT_TRUE(solve("neuroshard", one_giant(0), "4xH100-4GB").plan);
  EXPECT_EQ(solve("neuroshard", one_giant(46), "4xH100-4GB").termination,
            Termination::no_plan_found);
}

TEST(NeuroshardQuirks, SearchSolvesItInAnyOrder) {
  EXPECT_TRUE(solve("search", one_giant(0), "4xH100-4GB").plan);
  EXPECT_TRUE(solve("search", one_giant(46), "4xH100-4GB").plan);
}

TEST(NeuroshardQuirks, ItsLimitOnColumnsLeavesOneNarrowTableWithoutPlan) {
  const Workload workload{{table_of("narrow", 1'000, 4)}, 512};
  EXPECT_EQ(solve("neuroshard", workload, "4xH100-4GB").termination, Termination::no_plan_found);
  EXPECT_TRUE(solve("search", workload, "4xH100-4GB").plan);
}

// One table of 16 columns on one rank: the nodes {16}, {8 8}, twice {8 4 4} and so twice
// {4 4 4 4}. Each prices its new piece alone (the first node its only one) and every piece, once
// for all caps, as none of them binds: 1 + 1, 1 + 2, 2·(1 + 3), 2·(1 + 4). Merged, they would
// be 14.
TEST(NeuroshardQuirks, EqualNodesAreNotMerged) {
  const Workload workload{{table_of("t", 1'000, 16)}, 512};
  EXPECT_EQ(solve("neuroshard", workload, "1xH100-4GB").record.evaluations, 2 + 3 + 8 + 10);
}

}  // namespace
}  // namespace shardwright
