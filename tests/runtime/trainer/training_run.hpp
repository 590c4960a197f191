#pragma once

#include "costmodel/errors.hpp"
#include "planner/plan.hpp"
#include "runtime/trainer/trainer.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace shardwright {

/// A folder of its own for one test, removed at the end.
class TestFolder {
 public:
  TestFolder();
  ~TestFolder();
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

/// Three tables of dim 12: "user" (40 rows, one id), "item" (30 rows, two features that share it,
/// two ids each) and "tag" (50 rows, mean of three weighted ids).
std::vector<Table> test_tables();

/// Synthetic data on test_tables(), three dense features, batch size 32: 400 training and 600 test
/// samples unless said. Returns the AUC that the true probabilities reach on the test part.
double write_test_data(const std::string& folder, std::int64_t samples = 400,
                       std::int64_t test_samples = 600);

/// test_tables() whole, on ranks 0, 1, 2, … round robin from `first`.
Plan whole_tables(std::int64_t ranks, std::int64_t first = 0);
/// test_tables() cut into columns [0, 4) and [4, 12), dealt to the ranks in turn from `first`.
Plan cut_tables(std::int64_t ranks, std::int64_t first = 0);
/// "user" whole on rank `first`, the others cut as above from the next rank on.
Plan mixed_tables(std::int64_t ranks, std::int64_t first = 0);
/// The types that split rows: "user" row_wise, "item" grid, "tag" data_parallel; or "user"
/// table_row_wise, "item" table_column_wise, "tag" row_wise.
Plan split_tables(std::int64_t ranks);
Plan other_split_tables(std::int64_t ranks);
std::string write_plan(const std::string& file, const Plan& plan);

/// A small model on `data`: bottom {8, 12}, top {8, 1}, rate 0.05.
TrainConfig test_config(const std::string& data, const std::string& output);

struct TrainingRun {
  TrainSummary summary;
  std::vector<nlohmann::json> events;  ///< lines of metrics.jsonl
  std::vector<double> losses;          ///< of its steps
  /// Of the saved model: tables put together from their shards, and dense parameters, by name.
  std::map<std::string, std::vector<float>> weights;
};

/// Trains on threads and reads back what was written. `config.output` must be given.
TrainingRun run_training(std::int64_t ranks, const TrainConfig& config,
                         const TrainSurroundings& surroundings = {});

/// The lines of the metrics.jsonl in an output folder.
std::vector<nlohmann::json> read_events(const std::string& output);

/// The message and code of the error that ends a run on every rank; fails the test if the run ends
/// well or the ranks disagree.
struct RunFailure {
  ExitCode code = ExitCode::ok;
  std::string message;
};
RunFailure run_failing(std::int64_t ranks, const TrainConfig& config,
                       const TrainSurroundings& surroundings = {});
/// The same with a config of its own for each rank.
RunFailure run_failing(const std::vector<TrainConfig>& configs,
                       const TrainSurroundings& surroundings = {});

}  // namespace shardwright
