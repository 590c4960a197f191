// Trains the same small model twice, sharded over MPI by `shardwright train` and unsharded by
// dlrm_reference, and compares losses, weights and AUC after 50 steps.

#include "small_data.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <random>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

namespace reference {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int kSteps = 50;
constexpr double kLossTolerance = 1e-5;    // relative, per step
constexpr double kWeightTolerance = 1e-5;  // ‖Δw‖ / ‖w‖, per tensor
constexpr double kAucTolerance = 1e-3;

struct Case {
  std::string optimizer;
  std::string mode;
  bool weighted = false;
  std::string placement;  ///< one of kPlacements
  int ranks = 1;
  const char* keys = "{}";  ///< more of the train config, as JSON
};

/// whole; columns (split unevenly); mixed of the two; rows (row_wise, table_row_wise); blocks
/// (grid, table_column_wise); replicated (data_parallel, row_wise)
constexpr std::array kPlacements = {"whole", "columns", "mixed", "rows", "blocks", "replicated"};

std::string name_of(const Case& c) {
  return fmt::format("{}_{}{}_{}_{}_ranks", c.optimizer, c.weighted ? "weighted_" : "", c.mode,
                     c.placement, c.ranks);
}

/// What every placement on any number of ranks is tried with.
struct Setting {
  const char* optimizer;
  const char* mode;
  bool weighted;
};

std::vector<Setting> all_settings() {
  std::vector<Setting> settings;
  for (const char* optimizer : {"sgd", "adagrad", "rowwise_adagrad"}) {
    for (const char* mode : {"sum", "mean"}) {
      for (const bool weighted : {false, true}) settings.push_back({optimizer, mode, weighted});
    }
  }
  return settings;
}

void PrintTo(const Setting& setting, std::ostream* out) {
  *out << setting.optimizer << (setting.weighted ? "_weighted_" : "_") << setting.mode;
}

/// One placement and number of ranks, drawn by SHARDWRIGHT_TEST_SEED; all of them if
/// SHARDWRIGHT_TEST_ALL is set.
std::vector<Case> chosen_cases(const Setting& setting) {
  std::vector<Case> cases;
  for (const char* placement : kPlacements) {
    for (const int ranks : {1, 2, 3, 4, 8}) {
      cases.push_back({setting.optimizer, setting.mode, setting.weighted, placement, ranks});
    }
  }
  if (std::getenv("SHARDWRIGHT_TEST_ALL") != nullptr) return cases;
  const char* seed = std::getenv("SHARDWRIGHT_TEST_SEED");
  std::seed_seq mixed{seed == nullptr ? 1 : std::stoi(seed), int{setting.optimizer[0]},
                      int{setting.mode[0]}, int{setting.weighted}};
  std::mt19937_64 random(mixed);
  return {cases[random() % cases.size()]};
}

std::string read_text(const fs::path& file) {
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// What a shell command prints; fails the test if it does not succeed.
std::string output_of(const std::string& command, const fs::path& folder) {
  const fs::path log = folder / "log";
  const int status = std::system(fmt::format("{} >{} 2>&1", command, log.string()).c_str());
  const std::string text = read_text(log);
  EXPECT_EQ(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 0) << command << '\n' << text;
  return text;
}

/// The number after `name` in a comparison.
double figure(const std::string& comparison, const std::string& name) {
  std::smatch match;
  if (!std::regex_search(comparison, match, std::regex(name + "[ =]([-+.0-9a-z]+)"))) {
    ADD_FAILURE() << name << " is missing in:\n" << comparison;
    return std::nan("");
  }
  return std::stod(match[1]);
}

json whole(const json& table, const char* type) {
  return {{"table", table["name"]},   {"type", type},   {"row_begin", 0},
          {"row_end", table["rows"]}, {"col_begin", 0}, {"col_end", table["dim"]}};
}

/// Two parts of a shard, of [begin, end) `middle` is where the second begins.
json cut(const json& shards, const char* begin, const char* end, int middle) {
  json parts = json::array();
  for (const json& shard : shards) {
    parts.push_back(shard);
    parts.back()[end] = middle;
    parts.push_back(shard);
    parts.back()[begin] = middle;
  }
  return parts;
}

json by_columns(const json& shards) { return cut(shards, "col_begin", "col_end", 4); }
/// Uneven parts.
json by_rows(const json& shards) {
  return cut(shards, "row_begin", "row_end", shards[0]["row_end"].get<int>() / 3);
}

/// The shards of the t-th table, not on their ranks yet.
json shards_of(const json& table, const std::string& placement, std::size_t t) {
  const bool even = t % 2 == 0;
  const auto one = [&](const char* type) { return json::array({whole(table, type)}); };
  if (placement == "whole" || (placement == "mixed" && even)) return one("table_wise");
  if (placement == "columns" || placement == "mixed") return by_columns(one("column_wise"));
  if (placement == "rows") return by_rows(one(even ? "row_wise" : "table_row_wise"));
  if (placement == "replicated") return even ? one("data_parallel") : by_rows(one("row_wise"));
  return even ? by_rows(by_columns(one("grid"))) : by_columns(one("table_column_wise"));
}

/// Puts the tables of a plan where the case wants them.
json placed(json plan, const Case& c) {
  plan["shards"] = json::array();
  int next = c.ranks - 1;  // from the last rank down, other than the planner would
  const auto rank = [&] { return next = (next + 1) % c.ranks; };
  for (std::size_t t = 0; t < plan["tables"].size(); ++t) {
    for (json& shard : shards_of(plan["tables"][t], c.placement, t)) {
      if (shard["type"] != "data_parallel") shard["rank"] = rank();
      plan["shards"].push_back(shard);
    }
  }
  for (const char* stale : {"plan_id", "predicted", "reasons"}) plan.erase(stale);
  return plan;
}

json train_config(const Case& c, std::int64_t dim, int seed) {
  const double learning_rate = c.optimizer != "sgd" ? 0.02 : c.mode == "mean" ? 2.0 : 1.0;
  json config = {{"schema", "shardwright.train/1"},
                 {"data", "data"},
                 {"plan", "plan.json"},
                 {"output", "run"},
                 {"bottom_mlp", {dim}},
                 {"top_mlp", {8, 1}},
                 {"epochs", 100},
                 {"max_steps", kSteps},
                 {"optimizer", c.optimizer},
                 {"learning_rate", learning_rate},
                 {"warmup_steps", 10},
                 {"seed", seed}};
  config.update(json::parse(c.keys));
  return config;
}

void write_inputs(const Case& c, int seed, const fs::path& folder) {
  SmallData data;
  data.mode = c.mode;
  data.weighted = c.weighted;
  data.dim = 12;
  data.num_dense = c.mode == "mean" ? 0 : 3;
  write_small_data(data, (folder / "data").string());
  std::ofstream(folder / "train.json") << train_config(c, data.dim, seed);
  output_of(fmt::format("{} plan {}/data/tables.json --topology {}xcpu-1GiB -o {}/plan.json",
                        SHARDWRIGHT_BINARY, folder.string(), c.ranks, folder.string()),
            folder);
  const json plan = placed(json::parse(read_text(folder / "plan.json")), c);
  std::ofstream(folder / "plan.json") << plan.dump(1);
}

struct Comparison {
  std::string text;
  double loss_difference = 0;
  double weight_difference = 0;
  double auc_sharded = 0;
  double auc_reference = 0;
  bool equal() const {
    return loss_difference <= kLossTolerance && weight_difference <= kWeightTolerance;
  }
};

Comparison compare(const Case& c, int seed, const fs::path& folder) {
  write_inputs(c, seed, folder);
  output_of(fmt::format("{} -n {} {} train {}/train.json", MPIRUN, c.ranks, SHARDWRIGHT_BINARY,
                        folder.string()),
            folder);
  const std::string text =
      output_of(fmt::format("{} {}/train.json --compare {}/run/metrics.jsonl", REFERENCE_BINARY,
                            folder.string(), folder.string()),
                folder);
  return {text, figure(text, "max_relative_loss_difference"),
          figure(text, "largest relative weight difference"), figure(text, "auc_sharded"),
          figure(text, "auc_reference")};
}

class PeerOf : public testing::Test {
 protected:
  fs::path folder_ = fs::temp_directory_path() / fmt::format("shardwright_peer_{}", ::getpid());
  void TearDown() override {
    if (!HasFailure()) fs::remove_all(folder_);
  }
  void expect_equality(const std::vector<Case>& cases);
  Comparison run(const Case& c, int seed) {
    const fs::path folder = folder_ / fmt::format("{}_{}", name_of(c), seed);
    fs::create_directories(folder);
    return compare(c, seed, folder);
  }
};

// Where the input of a ReLU is zero up to rounding, two right programs can take different sides,
// and Adagrad makes a full step of it. About one run in a hundred meets that; one of a setting's
// cases may be drawn once more.
void PeerOf::expect_equality(const std::vector<Case>& cases) {
  int drawn_again = 0;
  for (const Case& c : cases) {
    SCOPED_TRACE(name_of(c));
    Comparison found = run(c, 3);
    if (!found.equal() && drawn_again++ == 0) {
      std::cout << name_of(c) << " is drawn once more after:\n" << found.text;
      found = run(c, 4);
    }
    EXPECT_LE(found.loss_difference, kLossTolerance) << found.text;
    EXPECT_LE(found.weight_difference, kWeightTolerance) << found.text;
    EXPECT_NEAR(found.auc_sharded, found.auc_reference, kAucTolerance) << found.text;
    EXPECT_GT(found.auc_reference, 0.53) << "Nothing was learnt:\n" << found.text;
  }
}

class Peer : public PeerOf, public testing::WithParamInterface<Setting> {};

TEST_P(Peer, ShardedTrainingEqualsLibTorch) { expect_equality(chosen_cases(GetParam())); }

/// Settings of the optimizers, schedules, clipping, and DCNv2.
struct Settings {
  const char* name;
  const char* optimizer;
  const char* placement;
  int ranks;
  const char* keys;
};

constexpr std::array kSettings = {Settings{"momentum_clipped_dense_adam", "sgd", "rows", 3, R"({
      "learning_rate": 0.3, "momentum": 0.8, "weight_decay": 0.001, "gradient_clip_norm": 0.2,
      "dense_optimizer": "adam", "dense_learning_rate": 0.005, "dense_eps": 1e-4,
      "dense_beta1": 0.85, "dense_weight_decay": 0.002})"},
                                  Settings{"dcnv2_adam_decayed", "adam", "columns", 2, R"({
      "model": "dcnv2", "cross_layers": 3, "cross_rank": 8, "learning_rate": 0.005, "eps": 1e-4,
      "beta1": 0.8, "beta2": 0.99, "decay_start": 20, "decay_steps": 40,
      "end_learning_rate": 0.0005, "dense_eps": 1e-3, "dense_initial_accumulator": 0.1})"},
                                  Settings{"dcnv2_clipped", "rowwise_adagrad", "replicated", 4, R"({
      "model": "dcnv2", "cross_layers": 2, "cross_rank": 5, "initial_accumulator": 0.01,
      "weight_decay": 0.001, "gradient_clip_norm": 0.3, "decay_steps": 60, "decay_power": 1,
      "dense_optimizer": "sgd", "dense_momentum": 0.9, "dense_learning_rate": 0.03})"},
                                  Settings{"rowwise_adam", "rowwise_adam", "whole", 2, R"({
      "learning_rate": 0.005, "eps": 1e-4, "dense_eps": 1e-4})"},
                                  Settings{"ftrl", "ftrl", "blocks", 4, R"({
      "learning_rate": 0.05, "ftrl_beta": 0.2, "ftrl_l1": 0.001, "ftrl_l2": 0.01,
      "initial_accumulator": 0.01, "weight_decay": 0.001, "dense_eps": 1e-4})"},
                                  Settings{"ftrl_without_settings", "ftrl", "replicated", 3, R"({
      "learning_rate": 0.05, "dense_eps": 1e-4})"}};

void PrintTo(const Settings& settings, std::ostream* out) { *out << settings.name; }

class PeerOfSettings : public PeerOf, public testing::WithParamInterface<Settings> {};

TEST_P(PeerOfSettings, ShardedTrainingEqualsLibTorch) {
  const Settings& s = GetParam();
  expect_equality({{s.optimizer, "sum", false, s.placement, s.ranks, s.keys}});
}

INSTANTIATE_TEST_SUITE_P(Trained, PeerOfSettings, testing::ValuesIn(kSettings),
                         [](const auto& instance) { return std::string(instance.param.name); });

class PeerOfTypes : public Peer {};

TEST_P(PeerOfTypes, ShardedTrainingEqualsLibTorch) {
  const Setting s = GetParam();
  expect_equality({{s.optimizer, s.mode, s.weighted, "rows", 3},
                   {s.optimizer, s.mode, s.weighted, "blocks", 4},
                   {s.optimizer, s.mode, s.weighted, "replicated", 2}});
}

INSTANTIATE_TEST_SUITE_P(Trained, PeerOfTypes,
                         testing::Values(Setting{"rowwise_adagrad", "sum", true}),
                         [](const auto& instance) {
                           return testing::PrintToString(instance.param);
                         });

INSTANTIATE_TEST_SUITE_P(Trained, Peer, testing::ValuesIn(all_settings()),
                         [](const auto& instance) {
                           return testing::PrintToString(instance.param);
                         });

}  // namespace
}  // namespace reference
