// What TorchRec 1.6.1 itself planned for 60 tasks with four sizes of memory: torchrec_costs.csv,
// made by tests/torchrec_planner/plan_with_torchrec.py (ms; empty where it found no plan).
#include "planner/search/search.hpp"
#include "tests/planner/search/torchrec_tasks.hpp"
#include "tests/sanitized.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <optional>
#include <string>
#include <vector>

namespace shardwright {
namespace {

struct Golden {
  std::uint64_t task = 0;
  Bytes memory;
  std::vector<std::optional<double>> costs;  ///< in the order of kSettings
};

std::vector<std::string> cells(const std::string& line) {
  std::vector<std::string> cells(1);
  for (const char c : line) {
    if (c == ',') {
      cells.emplace_back();
    } else {
      cells.back() += c;
    }
  }
  return cells;
}

std::optional<double> cost(const std::string& cell) {
  if (cell.empty()) return {};
  return std::stod(cell);
}

std::vector<Golden> read_golden() {
  std::ifstream file(SHARDWRIGHT_TORCHREC_COSTS);
  std::vector<Golden> golden;
  std::string line;
  std::getline(file, line);  // header
  while (std::getline(file, line)) {
    const auto cell = cells(line);
    golden.push_back({std::stoull(cell.at(0)), Bytes(std::stoll(cell.at(2))), {}});
    for (std::size_t i = 3; i < cell.size(); ++i) golden.back().costs.push_back(cost(cell[i]));
  }
  return golden;
}

std::optional<double> planned(const Golden& golden, const std::string& algorithm,
                              const std::vector<ShardingType>& types) {
  const auto judge = make_cost_model("torchrec");
  SearchOptions options;
  options.algorithm = algorithm;
  options.types = types;
  options.memory_model = MemoryModel::torchrec;
  options.objective = Objective::max_sum;
  const SearchResult result =
      search_plan(testing::torchrec_task(golden.task), testing::torchrec_topology(golden.memory),
                  *judge, options);
  if (!result.plan) return {};
  return result.plan->cost_ms;
}

void expect_same(std::optional<double> ours, std::optional<double> torchrecs) {
  ASSERT_EQ(ours.has_value(), torchrecs.has_value());
  if (ours) {
    EXPECT_NEAR(*ours, *torchrecs, 1e-6 * *torchrecs);
  }
}

const std::vector<ShardingType> kProposed = {
    ShardingType::data_parallel, ShardingType::table_wise,     ShardingType::column_wise,
    ShardingType::row_wise,      ShardingType::table_row_wise, ShardingType::table_column_wise};
const std::vector<ShardingType> kWholeOrColumns = {ShardingType::table_wise,
                                                   ShardingType::column_wise};

// The columns of torchrec_costs.csv.
struct Setting {
  std::string algorithm;
  const std::vector<ShardingType>& types;
};
const std::vector<Setting> kSettings = {
    {"torchrec_greedy", kProposed},         {"torchrec_greedy_perf", kProposed},
    {"torchrec_greedy", kWholeOrColumns},   {"torchrec_greedy_perf_64", kProposed},
    {"torchrec_greedy_perf_32", kProposed}, {"torchrec_memory_balanced", kProposed},
    {"torchrec_greedy_64", kProposed}};

TEST(TorchrecGreedy, HasTheCostsOfTorchrecItselfOn240Tasks) {
  const auto golden = read_golden();
  ASSERT_EQ(golden.size(), 240U);
  for (std::size_t i = 0; i < golden.size(); i += testing::kSanitized ? 20 : 1) {
    const Golden& task = golden[i];
    ASSERT_EQ(task.costs.size(), kSettings.size());
    for (std::size_t s = 0; s < kSettings.size(); ++s) {
      SCOPED_TRACE("task " + std::to_string(task.task) + ", " + format_bytes(task.memory) + ", " +
                   kSettings[s].algorithm);
      expect_same(planned(task, kSettings[s].algorithm, kSettings[s].types), task.costs[s]);
    }
  }
}

}  // namespace
}  // namespace shardwright
