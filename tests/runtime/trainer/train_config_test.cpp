#include "runtime/trainer/train_config.hpp"

#include "costmodel/errors.hpp"
#include "planner/dense_memory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace shardwright {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class TrainConfigFile : public testing::Test {
 protected:
  TrainConfigFile() { std::filesystem::create_directories(folder_); }
  ~TrainConfigFile() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& text) const {
    std::ofstream(folder_ + "/config.json") << text;
    return folder_ + "/config.json";
  }

  void expect_refused(const std::string& text, const std::string& sentence) const {
    try {
      read_train_config(write(text));
      FAIL() << "accepted; expected: " << sentence;
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), HasSubstr(sentence));
    }
  }

  std::string folder_ = testing::TempDir() + "train_config_test." + std::to_string(getpid());
};

std::string with(const std::string& members) {
  return R"({"schema": "shardwright.train/1", )" + members + "}";
}

/// The parameters of MLPerf's DLRM-DCNv2 beside its tables: of the bottom MLP, three cross layers
/// of 3456 · (2 · 512 + 1), and the top MLP.
TEST(Recipes, Dcnv2HasTheSizesOfMlperf) {
  const TrainConfig config = read_train_config(SHARDWRIGHT_SOURCE_DIR "/launch/recipes/dcnv2.json");
  EXPECT_EQ(config.model, "dcnv2");
  EXPECT_EQ(config.batch_size, 65536);
  EXPECT_EQ(config.optimizer, OptimizerKind::adagrad);
  const DenseSizes sizes{.num_dense = 13,
                         .num_features = 26,
                         .embedding_dim = config.embedding_dim,
                         .bottom_mlp = config.bottom_mlp,
                         .top_mlp = config.top_mlp,
                         .cross_layers = config.cross_layers.value(),
                         .cross_rank = config.cross_rank.value()};
  EXPECT_EQ(num_dense_parameters(sizes), 171'392 + 10'627'200 + 5'245'953);
}

TEST(Recipes, AreAllConfigsOfAJob) {
  const std::filesystem::path folder = SHARDWRIGHT_SOURCE_DIR "/launch/recipes";
  for (const auto& recipe : std::filesystem::directory_iterator(folder)) {
    EXPECT_NO_THROW(read_train_config(recipe.path().string())) << recipe.path();
  }
}

TEST_F(TrainConfigFile, SetsEveryKey) {
  const TrainConfig config = read_train_config(write(with(R"(
      "data": "/d", "plan": "/p.json", "output": "/o", "save_model": false, "model": "dcnv2",
      "cross_layers": 4, "cross_rank": 5,
      "embedding_dim": 8, "bottom_mlp": [4, 8], "top_mlp": [3, 1], "batch_size": 64,
      "rank_batch_sizes": [50, 0, 14], "epochs": 2,
      "max_steps": 7, "optimizer": "sgd", "learning_rate": 0.5, "warmup_steps": 10, "seed": 3,
      "gradient_wire": "bf16", "on_bad_id": "skip", "threads": 2, "overlap": true, "communication_thread": "on",
      "wait_limit_s": 2.5, "progress_every": 4, "metrics_every": 5,
      "shuffle": true, "read_ahead": 0, "read_threads": 6,
      "metrics_file": "/m.prom", "metrics_port": 9400, "metrics_bind": "::1", "tensorboard": "/t", "device": "cuda", "allow_shared_gpu": true)")));

  EXPECT_EQ(config.data, "/d");
  EXPECT_EQ(config.plan, "/p.json");
  EXPECT_EQ(config.output, "/o");
  EXPECT_FALSE(config.save_model);
  EXPECT_EQ(config.model, "dcnv2");
  EXPECT_EQ(config.cross_layers, 4);
  EXPECT_EQ(config.cross_rank, 5);
  EXPECT_EQ(config.embedding_dim, 8);
  EXPECT_THAT(config.bottom_mlp, ElementsAre(4, 8));
  EXPECT_THAT(config.top_mlp, ElementsAre(3, 1));
  EXPECT_EQ(config.batch_size, 64);
  EXPECT_EQ(config.epochs, 2);
  EXPECT_THAT(config.rank_batch_sizes, ElementsAre(50, 0, 14));
  EXPECT_EQ(config.max_steps, 7);
  EXPECT_EQ(config.optimizer, OptimizerKind::sgd);
  EXPECT_EQ(config.wire.pooled, DataType::fp32);
  EXPECT_EQ(config.wire.gradients, DataType::bf16);
  EXPECT_EQ(config.learning_rate, 0.5);
  EXPECT_EQ(config.warmup_steps, 10);
  EXPECT_EQ(config.seed, 3U);
  EXPECT_EQ(config.on_bad_id, BadIdPolicy::skip);
  EXPECT_EQ(config.threads, 2);
  EXPECT_TRUE(config.overlap);
  EXPECT_EQ(config.communication_thread, CommunicationThread::on);
  EXPECT_EQ(config.wait_limit_s, 2.5);
  EXPECT_EQ(config.progress_every, 4);
  EXPECT_EQ(config.metrics.every, 5);
  EXPECT_EQ(config.metrics.file, "/m.prom");
  EXPECT_EQ(config.metrics.port, 9400);
  EXPECT_EQ(config.metrics.bind, "::1");
  EXPECT_EQ(config.metrics.tensorboard, "/t");
  EXPECT_EQ(config.backend.backend, Backend::cuda);
  EXPECT_TRUE(config.backend.allow_shared_gpu);
  EXPECT_TRUE(config.reading.shuffle);
  EXPECT_EQ(config.reading.ahead.batches, 0);
  EXPECT_EQ(config.reading.ahead.threads, 6);
}

TEST_F(TrainConfigFile, WritesWhatItReads) {
  const TrainConfig config = read_train_config(write(with(
      R"("data": "/d", "max_steps": 7, "optimizer": "adagrad", "top_mlp": [3, 1], "shuffle": true)")));
  const nlohmann::json written = train_config_to_json(config);
  TrainConfig again;
  apply_train_settings(JsonView(written, "again"), again);

  EXPECT_EQ(train_config_to_json(again), written);
  EXPECT_EQ(again.optimizer, OptimizerKind::adagrad);
}

TEST_F(TrainConfigFile, TakesRelativePathsFromItsFolder) {
  const TrainConfig config =
      read_train_config(write(with(R"("data": "sub/data", "tensorboard": "tb")")));

  EXPECT_EQ(config.data, folder_ + "/sub/data");
  EXPECT_EQ(config.plan, "");
  EXPECT_EQ(config.metrics.tensorboard, folder_ + "/tb");
  EXPECT_EQ(config.metrics.file, "");
}

TEST_F(TrainConfigFile, LaterSettingsWinKeyByKey) {
  TrainConfig config = read_train_config(write(with(R"("epochs": 3, "batch_size": 64)")));
  const nlohmann::json flags = {{"epochs", 5}};

  apply_train_settings(JsonView(flags, "command line"), config);

  EXPECT_EQ(config.epochs, 5);
  EXPECT_EQ(config.batch_size, 64);
}

TEST_F(TrainConfigFile, SuggestsTheNearestKey) {
  expect_refused(with(R"("learning_rat": 1)"),
                 R"(unknown member "learning_rat"; did you mean "learning_rate"?)");
}

TEST_F(TrainConfigFile, NamesThePlaceOfABadValue) {
  expect_refused(with(R"("communication_thread": "yes")"),
                 "communication_thread: 'yes' is not a known choice of a communication thread");
  expect_refused(with(R"("batch_size": -5)"), "batch_size is -5, expected an integer from 0");
  expect_refused(with(R"("bottom_mlp": [4, 0])"), "bottom_mlp[1] is 0");
  expect_refused(with(R"("learning_rate": -0.5)"), "learning_rate is -0.5");
  expect_refused(with(R"("model": "dcn")"), R"(model is "dcn", expected "dlrm" or "dcnv2")");
  expect_refused(with(R"("cross_layers": 0)"), "cross_layers is 0");
  // Code that a job runs is named by nobody but its user.
  expect_refused(with(R"("dense_torchscript": "m.pt")"), "unknown member \"dense_torchscript\"");
  expect_refused(with(R"("optimizer": "sdg")"), "optimizer: 'sdg' is not a known optimizer");
  expect_refused(with(R"("on_bad_id": "drop")"), "on_bad_id: 'drop' is not a known policy");
  expect_refused(with(R"("threads": 0)"), "threads is 0");
  expect_refused(with(R"("metrics_every": 0)"), "metrics_every is 0");
  expect_refused(with(R"("metrics_port": 65536)"), "metrics_port is 65536");
  expect_refused(with(R"("save_model": 1)"), "save_model is 1, expected true or false");
}

TEST_F(TrainConfigFile, SaysWhereTheJsonBreaks) {
  expect_refused("{\"schema\": \"shardwright.train/1\",\n  \"epochs\": }", "line 2");
  expect_refused(R"({"schema": "shardwright.plan/1"})", "plan");
}

}  // namespace
}  // namespace shardwright
