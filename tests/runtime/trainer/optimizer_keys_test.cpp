#include "runtime/trainer/optimizer_keys.hpp"

#include "costmodel/errors.hpp"
#include "runtime/trainer/train_config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace shardwright {
namespace {

using testing::HasSubstr;

OptimizerKeys keys_of(const nlohmann::json& settings) {
  TrainConfig config;
  apply_train_settings(JsonView(settings, "test"), config);
  return config.optimizer_keys;
}

std::vector<Table> tables_with(std::initializer_list<OptimizerKind> optimizers) {
  std::vector<Table> tables;
  for (const OptimizerKind optimizer : optimizers) tables.emplace_back().optimizer = optimizer;
  return tables;
}

void expect_refused(const std::function<void()>& work, const std::string& sentence) {
  try {
    work();
    FAIL() << "accepted; expected: " << sentence;
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr(sentence));
  }
}

nlohmann::json every_key() {
  return {{"weight_decay", 0.125},
          {"momentum", 0.5},
          {"beta1", 0.25},
          {"beta2", 0.75},
          {"eps", 0.0625},
          {"initial_accumulator", 3.0},
          {"ftrl_beta", 1.5},
          {"ftrl_l1", 2.5},
          {"ftrl_l2", 3.5},
          {"dense_optimizer", "adam"},
          {"dense_learning_rate", 0.2},
          {"dense_weight_decay", 0.3},
          {"dense_momentum", 0.4},
          {"dense_beta1", 0.6},
          {"dense_beta2", 0.7},
          {"dense_eps", 0.8},
          {"dense_initial_accumulator", 0.9},
          {"gradient_clip_norm", 1.1},
          {"decay_start", 40},
          {"decay_steps", 50},
          {"decay_power", 1.25},
          {"end_learning_rate", 1e-7}};
}

TEST(OptimizerKeys, AreReadAndWrittenAlike) {
  const nlohmann::json keys = every_key();
  TrainConfig config;
  apply_train_settings(JsonView(keys, "test"), config);

  const nlohmann::json written = train_config_to_json(config);

  for (const auto& [key, value] : keys.items()) EXPECT_EQ(written[key], value) << key;
}

// A job that sets none of them has the identity that it had before there were any.
TEST(OptimizerKeys, AreNotWrittenWhereTheyAreNotGiven) {
  const nlohmann::json keys = every_key();
  const nlohmann::json written = train_config_to_json(TrainConfig());

  for (const auto& [key, value] : keys.items()) EXPECT_FALSE(written.contains(key)) << key;
}

TEST(OptimizerKeys, ReachTheEmbeddings) {
  using enum OptimizerKind;
  const OptimizerSettings settings =
      embedding_settings(keys_of(every_key()), tables_with({sgd, adam, ftrl}));

  EXPECT_EQ(settings.weight_decay, 0.125F);
  EXPECT_EQ(settings.momentum, 0.5F);
  EXPECT_EQ(settings.beta1, 0.25F);
  EXPECT_EQ(settings.beta2, 0.75F);
  EXPECT_EQ(settings.eps, 0.0625F);
  EXPECT_EQ(settings.initial_accumulator, 3.0F);
  EXPECT_EQ(settings.ftrl_beta, 1.5F);
  EXPECT_EQ(settings.ftrl_l1, 2.5F);
  EXPECT_EQ(settings.ftrl_l2, 3.5F);
}

TEST(OptimizerKeys, ReachTheDensePart) {
  const DenseOptimizer dense = dense_settings(keys_of({{"dense_optimizer", "adam"},
                                                       {"dense_weight_decay", 0.3},
                                                       {"dense_beta1", 0.6},
                                                       {"dense_beta2", 0.7},
                                                       {"dense_eps", 0.8}}),
                                              OptimizerKind::sgd);

  EXPECT_EQ(dense.kind, OptimizerKind::adam);
  EXPECT_EQ(dense.weight_decay, 0.3);
  EXPECT_EQ(dense.beta1, 0.6);
  EXPECT_EQ(dense.beta2, 0.7);
  EXPECT_EQ(dense.eps, 0.8);
  EXPECT_EQ(dense_settings(keys_of({{"dense_momentum", 0.4}}), OptimizerKind::sgd).momentum, 0.4);
  EXPECT_EQ(dense_settings(keys_of({{"dense_initial_accumulator", 0.9}}), OptimizerKind::adagrad)
                .initial_accumulator,
            0.9);
}

TEST(OptimizerKeys, WithoutThemAllIsAsBefore) {
  const OptimizerSettings settings =
      embedding_settings({}, tables_with({OptimizerKind::rowwise_adagrad}));
  const DenseOptimizer dense = dense_settings({}, OptimizerKind::adagrad);

  EXPECT_EQ(settings.eps, 1e-8F);
  EXPECT_EQ(settings.weight_decay, 0);
  EXPECT_EQ(settings.initial_accumulator, 0);
  EXPECT_EQ(dense.kind, OptimizerKind::adagrad);
  EXPECT_EQ(dense.eps, 1e-8);
  EXPECT_EQ(schedule_of({}, 7).decay_steps, 0);
}

TEST(OptimizerKeys, RefuseWhatNoOptimizerOfTheJobHas) {
  using enum OptimizerKind;
  const auto embeddings = [](const nlohmann::json& settings, OptimizerKind kind) {
    return [=] { embedding_settings(keys_of(settings), tables_with({kind})); };
  };
  expect_refused(embeddings({{"momentum", 0.9}}, adagrad),
                 "momentum is a setting of sgd, but all tables are trained with adagrad.");
  expect_refused(embeddings({{"beta1", 0.9}}, sgd),
                 "beta1 is a setting of adam and rowwise_adam, but all tables are trained with");
  expect_refused(embeddings({{"eps", 0.9}}, ftrl), "eps is a setting of adagrad, rowwise_adagrad,");
  expect_refused(embeddings({{"initial_accumulator", 1}}, adam), "initial_accumulator is a");
  expect_refused(embeddings({{"ftrl_l1", 1}}, adam), "ftrl_l1 is a setting of ftrl");
  const auto dense = [](const nlohmann::json& settings) {
    return [=] { dense_settings(keys_of(settings), adagrad); };
  };
  expect_refused(dense({{"dense_momentum", 0.5}}),
                 "dense_momentum is a setting of sgd, but the dense part is trained with adagrad.");
  expect_refused(dense({{"dense_beta2", 0.5}}), "dense_beta2 is a setting of adam");
  expect_refused(dense({{"dense_optimizer", "sgd"}, {"dense_eps", 0.5}}),
                 "dense_eps is a setting of adagrad and adam");
  expect_refused(dense({{"dense_optimizer", "adam"}, {"dense_initial_accumulator", 0.5}}),
                 "dense_initial_accumulator is a setting of adagrad");
}

TEST(OptimizerKeys, RefuseValuesOutOfRange) {
  const auto reading = [](const char* key, const nlohmann::json& value) {
    return [=] { keys_of({{key, value}}); };
  };
  expect_refused(reading("weight_decay", -1), "weight_decay is -1, expected");
  expect_refused(reading("momentum", 1), "momentum is 1, expected");
  expect_refused(reading("beta2", 1), "beta2 is 1, expected");
  expect_refused(reading("eps", 0), "eps is 0, expected");
  expect_refused(reading("gradient_clip_norm", "much"), "gradient_clip_norm is \"much\", expected");
  expect_refused(reading("decay_steps", -1), "decay_steps is -1, expected");
  expect_refused(reading("dense_optimizer", "ftrl"),
                 "dense_optimizer is \"ftrl\", expected \"sgd\", \"adagrad\" or \"adam\"");
}

TEST(OptimizerKeys, RefuseDecaysThatAreNone) {
  expect_refused(
      [] {
        schedule_of(keys_of({{"decay_power", 1}}), 0);
      },
      "decay_steps, over which the learning rate would fall, is not given");
  expect_refused(
      [] {
        schedule_of(keys_of({{"decay_start", 9}, {"decay_steps", 5}}), 10);
      },
      "decay_start is 9, within the warm-up of 10 steps");
}

}  // namespace
}  // namespace shardwright
