#include "tests/runtime/trainer/training_run.hpp"

#include "costmodel/json/json_view.hpp"
#include "costmodel/json/write_file.hpp"
#include "planner/plan_json.hpp"
#include "runtime/checkpoint/safetensors.hpp"
#include "runtime/comm/collectives.hpp"
#include "runtime/comm/thread_communicator.hpp"
#include "runtime/data/synthetic.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace shardwright {
namespace {

Table test_table(const std::string& name, std::int64_t rows) {
  Table table;
  table.name = name;
  table.rows = rows;
  table.dim = 12;
  table.features = {name};
  return table;
}

Plan empty_plan(std::int64_t ranks) {
  Plan plan;
  plan.workload = {test_tables(), 32};
  RankSpec rank;
  rank.memory = Bytes{1 << 30};
  plan.topology.ranks.assign(static_cast<std::size_t>(ranks), rank);
  plan.topology.intra = {1e9, 1e-6};
  plan.topology.inter = {1e9, 1e-6};
  plan.cost_model = "analytic";
  plan.predicted.resize(static_cast<std::size_t>(ranks));
  plan.reasons.resize(plan.workload.tables.size(), "because the test says so");
  return plan;
}

void place(const std::vector<float>& part, const nlohmann::json& shard, std::int64_t dim,
           std::vector<float>& whole) {
  const std::int64_t col_begin = shard["col_begin"];
  const std::int64_t width = shard["col_end"].get<std::int64_t>() - col_begin;
  auto from = part.begin();
  for (std::int64_t row = shard["row_begin"]; row < shard["row_end"]; ++row, from += width) {
    std::copy_n(from, width, whole.begin() + row * dim + col_begin);
  }
}

std::map<std::string, std::vector<float>> read_weights(const std::string& folder) {
  const nlohmann::json index = read_json(folder + "/index.json");
  std::map<std::string, std::vector<float>> weights;
  const SafetensorsReader dense(folder + "/" + index["dense"].get<std::string>());
  for (const auto& entry : dense.entries()) weights[entry.name] = dense.read(entry.name);
  for (const auto& table : index["tables"]) {
    const std::int64_t dim = table["dim"];
    std::vector<float>& whole = weights[table["name"]];
    whole.resize(static_cast<std::size_t>(table["rows"].get<std::int64_t>() * dim));
    for (const auto& shard : table["shards"]) {
      const SafetensorsReader file(folder + "/" + shard["file"].get<std::string>());
      place(file.read(shard["name"].get<std::string>() + "/weights"), shard, dim, whole);
    }
  }
  return weights;
}

}  // namespace

TestFolder::TestFolder() {
  std::string pattern = testing::TempDir() + "shardwright_test.XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
  path_ = pattern;
}

TestFolder::~TestFolder() { std::filesystem::remove_all(path_); }

std::vector<Table> test_tables() {
  std::vector<Table> tables = {test_table("user", 40), test_table("item", 30),
                               test_table("tag", 50)};
  tables[1].features = {"clicked", "shown"};
  tables[1].pooling = 4;
  tables[2].pooling = 3;
  tables[2].mode = PoolingMode::mean;
  tables[2].weighted = true;
  return tables;
}

double write_test_data(const std::string& folder, std::int64_t samples, std::int64_t test_samples) {
  SyntheticOptions options;
  options.tables = test_tables();
  options.samples = samples;
  options.test_samples = test_samples;
  options.num_dense = 3;
  options.output.folder = folder;
  options.output.batch_size = 32;
  options.output.made_by = {.command = "test", .version = "1", .inputs = {}};
  return make_synthetic(options).auc_ceiling.value();
}

Plan whole_tables(std::int64_t ranks, std::int64_t first) {
  Plan plan = empty_plan(ranks);
  for (std::size_t t = 0; t < plan.workload.tables.size(); ++t) {
    const std::int64_t rank = (first + static_cast<std::int64_t>(t)) % ranks;
    plan.shards.push_back({TableId::of(t), ShardingType::table_wise, 0,
                           plan.workload.tables[t].rows, 0, 12, RankId{rank}});
  }
  return plan;
}

Plan cut_tables(std::int64_t ranks, std::int64_t first) {
  Plan plan = empty_plan(ranks);
  std::int64_t next = first;
  for (std::size_t t = 0; t < plan.workload.tables.size(); ++t) {
    for (const auto& [begin, end] : {std::pair{0, 4}, std::pair{4, 12}}) {
      plan.shards.push_back({TableId::of(t), ShardingType::column_wise, 0,
                             plan.workload.tables[t].rows, begin, end, RankId{next++ % ranks}});
    }
  }
  return plan;
}

Plan mixed_tables(std::int64_t ranks, std::int64_t first) {
  Plan plan = cut_tables(ranks, first);
  plan.shards.erase(plan.shards.begin());
  plan.shards.front() = whole_tables(ranks, first).shards.front();
  return plan;
}

Plan split_tables(std::int64_t ranks) {
  Plan plan = empty_plan(ranks);
  const auto on = [&](std::int64_t rank) { return RankId{rank % ranks}; };
  using enum ShardingType;
  plan.shards = {
      {TableId{0}, row_wise, 0, 7, 0, 12, on(1)},   {TableId{0}, row_wise, 7, 31, 0, 12, on(0)},
      {TableId{0}, row_wise, 31, 40, 0, 12, on(3)}, {TableId{1}, grid, 0, 11, 0, 4, on(0)},
      {TableId{1}, grid, 11, 30, 0, 4, on(1)},      {TableId{1}, grid, 0, 11, 4, 12, on(2)},
      {TableId{1}, grid, 11, 30, 4, 12, on(3)},     {TableId{2}, data_parallel, 0, 50, 0, 12, {}}};
  return plan;
}

Plan other_split_tables(std::int64_t ranks) {
  Plan plan = empty_plan(ranks);
  const auto on = [&](std::int64_t rank) { return RankId{rank % ranks}; };
  using enum ShardingType;
  plan.shards = {{TableId{0}, table_row_wise, 0, 15, 0, 12, on(0)},
                 {TableId{0}, table_row_wise, 15, 40, 0, 12, on(1)},
                 {TableId{1}, table_column_wise, 0, 30, 0, 8, on(2)},
                 {TableId{1}, table_column_wise, 0, 30, 8, 12, on(3)},
                 {TableId{2}, row_wise, 0, 10, 0, 12, on(0)},
                 {TableId{2}, row_wise, 10, 50, 0, 12, on(2)}};
  return plan;
}

std::string write_plan(const std::string& file, const Plan& plan) {
  write_file(file, plan_to_json(plan).dump());
  return file;
}

TrainConfig test_config(const std::string& data, const std::string& output) {
  TrainConfig config;
  config.data = data;
  config.output = output;
  config.bottom_mlp = {8, 12};
  config.top_mlp = {8, 1};
  config.learning_rate = 0.05;
  return config;
}

TrainingRun run_training(std::int64_t ranks, const TrainConfig& config,
                         const TrainSurroundings& surroundings) {
  TrainingRun run;
  run_ranks(ranks, [&](Communicator& comm) {
    const TrainSummary summary = train(comm, config, surroundings);
    if (comm.rank() == RankId{0}) run.summary = summary;
  });
  run.events = read_events(config.output);
  for (const nlohmann::json& event : run.events) {
    if (event["event"] == "step") run.losses.push_back(event["loss"]);
  }
  run.weights = read_weights(config.output + "/model");
  return run;
}

std::vector<nlohmann::json> read_events(const std::string& output) {
  std::vector<nlohmann::json> events;
  std::ifstream in(output + "/metrics.jsonl");
  for (std::string line; std::getline(in, line);) events.push_back(nlohmann::json::parse(line));
  return events;
}

RunFailure run_failing(std::int64_t ranks, const TrainConfig& config,
                       const TrainSurroundings& surroundings) {
  return run_failing(std::vector(static_cast<std::size_t>(ranks), config), surroundings);
}

RunFailure run_failing(const std::vector<TrainConfig>& configs,
                       const TrainSurroundings& surroundings) {
  std::vector<RunFailure> failures(configs.size());
  run_ranks(std::ssize(configs), [&](Communicator& comm) {
    try {
      train(comm, configs[comm.rank().index()], surroundings);
    } catch (const CollectiveError& error) {
      failures[comm.rank().index()] = {error.code(), error.what()};
    }
  });
  for (const RunFailure& failure : failures) {
    EXPECT_NE(failure.code, ExitCode::ok);
    EXPECT_EQ(failure.code, failures.front().code);
    EXPECT_EQ(failure.message, failures.front().message);
  }
  return failures.front();
}

}  // namespace shardwright
