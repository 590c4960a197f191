#include "costmodel/neural/comm_model.hpp"

#include "costmodel/errors.hpp"
#include "costmodel/neural/comm_model_json.hpp"
#include "costmodel/neural/pretrained.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <functional>

namespace shardwright {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

const CommSetting kSetting = {"gpu", "", "lib 1"};

CollectiveCall call_of(double bytes, std::int64_t ranks = 4) {
  return {CollectiveKind::all_to_all, ranks, 1, bytes, 2};
}

// 10 µs at 1000 bytes, 20 µs at 2000; twice as long for twice the ranks.
CommModel small_model() {
  CommModel model;
  model.name = "small";
  model.knots = {1000, 2000};
  model.effects = {
      {{EffectKey::operation},
       EffectFactor::one,
       1,
       1,
       {{"all_to_all", {std::log(10), std::log(20)}}}},
      {{EffectKey::fabric}, EffectFactor::log_ranks, 1, 1, {{"gpu", {std::log(2), std::log(2)}}}}};
  model.training = {2,      "00",   {{kSetting, {2, 8}}}, {"all_to_all"},
                    {2, 8}, {1, 1}, {1000, 2000},         {2, 2},
                    {1, 1}, {0, 0}};
  model.error = {0.05, "by hand"};
  return model;
}

TEST(CommModel, IsLinearInBytesBetweenKnots) {
  const CommModel model = small_model();
  EXPECT_NEAR(predict_us(model, kSetting, call_of(1000)), 10, 1e-9);
  EXPECT_NEAR(predict_us(model, kSetting, call_of(1500)), 15, 1e-9);
  EXPECT_NEAR(predict_us(model, kSetting, call_of(1500, 8)), 30, 1e-9);
}

TEST(CommModel, KeepsItsLatencyBelowAndItsBandwidthAboveTheKnots) {
  const CommModel model = small_model();
  EXPECT_NEAR(predict_us(model, kSetting, call_of(1)), 10, 1e-9);
  EXPECT_NEAR(predict_us(model, kSetting, call_of(1e6)), 1e4, 1e-6);
}

TEST(CommModel, NeverGetsCheaperAboveTheLastKnot) {
  CommModel model = small_model();
  model.effects[0].curves["all_to_all"] = {std::log(20), std::log(10)};
  // Half of 10 µs / 2000 bytes for each byte more.
  EXPECT_NEAR(predict_us(model, kSetting, call_of(4000)), 15, 1e-9);
}

TEST(CommModel, SaysWhatLiesOutsideItsTraining) {
  const CommModel model = small_model();
  EXPECT_THAT(outside_training(model, kSetting, call_of(1500)), IsEmpty());
  const auto notes = outside_training(model, {"other", "", "lib 1"}, call_of(5000, 16));
  ASSERT_EQ(notes.size(), 3U);
  EXPECT_THAT(notes[0], HasSubstr("hardware 'other' (trained on gpu)"));
  EXPECT_THAT(notes[1], HasSubstr("16 ranks (trained on 2 to 8)"));
  EXPECT_THAT(notes[2], HasSubstr("5000 bytes"));
}

TEST(CommModel, MadeForOneSettingPredictsTheSame) {
  const CommModel model = small_model();
  const CommModel single = specialize(model, kSetting);
  for (const double bytes : {10.0, 1200.0, 1e7}) {
    for (const std::int64_t ranks : {2, 8, 64}) {
      EXPECT_NEAR(predict_us(single, {"any", "", "thing"}, call_of(bytes, ranks)) /
                      predict_us(model, kSetting, call_of(bytes, ranks)),
                  1, 1e-12);
    }
  }
}

// Half the time if only half of the others' bytes are moved; a quarter after a long wait.
CommModel uneven_model() {
  CommModel model = small_model();
  model.pace_us = {10, 20};
  const double half = std::log(2);
  model.effects.push_back(
      {{EffectKey::operation}, EffectFactor::unevenness, 1, 1, {{"all_to_all", {half, half}}}});
  model.effects.push_back({{EffectKey::operation},
                           EffectFactor::waiting,
                           1,
                           1,
                           {{"all_to_all", {-2 * half, -2 * half}}}});
  model.training.evenness = {0.5, 1};
  model.training.wait_us = {0, 100};
  return model;
}

TEST(CommModel, KnowsUnevenSizesAndWaits) {
  const CommModel model = uneven_model();
  CollectiveCall call = call_of(2000);
  EXPECT_NEAR(predict_us(model, kSetting, call), 20, 1e-9);
  call.mean_bytes = 1000;
  EXPECT_NEAR(predict_us(model, kSetting, call), 10, 1e-9);
  EXPECT_NEAR(predict_us(specialize(model, kSetting), kSetting, call), 10, 1e-9);
  call.wait_us = 20;  // as long as the pace: half of the effect
  EXPECT_NEAR(wait_share(model, call), 0.5, 1e-12);
  EXPECT_NEAR(predict_us(model, kSetting, call), 5, 1e-9);
  call.wait_us = 1e12;
  EXPECT_NEAR(predict_us(model, kSetting, call), 2.5, 1e-6);
  EXPECT_EQ(wait_share(small_model(), call), 0);
  EXPECT_THAT(outside_training(model, kSetting, call),
              testing::ElementsAre(HasSubstr("us of waiting (trained on 0 to 100)")));
}

TEST(CommModelFile, GivesTheSameModelBack) {
  CommModel two_machines = small_model();
  two_machines.training.settings[{"other", "", "lib"}] = {2, 4};
  for (const CommModel& model : {small_model(), uneven_model(), two_machines}) {
    EXPECT_EQ(parse_comm_model(comm_model_to_json(model), "m.json"), model);
  }
}

TEST(CommModelFile, SaysTheRanksOfASettingWhereTheyAreNotAll) {
  CommModel model = small_model();
  model.training.settings[{"other", "", "lib"}] = {2, 4};
  const nlohmann::json json = nlohmann::json::parse(comm_model_to_json(model));
  const nlohmann::json& settings = json["trained_on"]["settings"];
  EXPECT_FALSE(settings[0].contains("ranks"));
  EXPECT_EQ(settings[1]["ranks"], nlohmann::json({2, 4}));
}

std::string message_after(const std::function<void(nlohmann::json&)>& change) {
  nlohmann::json json = nlohmann::json::parse(comm_model_to_json(small_model()));
  change(json);
  try {
    parse_comm_model(json.dump(), "m.json");
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(CommModelFile, ThatIsBrokenIsRefusedWithThePlace) {
  using nlohmann::json;
  EXPECT_THAT(message_after([](json& m) { m["effects"][0]["curves"]["all_to_all"] = {1}; }),
              HasSubstr("m.json: effects[0].curves[\"all_to_all\"] is [1], expected 2 values"));
  EXPECT_THAT(message_after([](json& m) {
                m["knots_bytes"] = {2000, 1000};
              }),
              HasSubstr("knots_bytes[1] is 1000"));
  EXPECT_THAT(message_after([](json& m) { m["effects"].erase(0); }), HasSubstr("not whole"));
  EXPECT_THAT(message_after([](json& m) { m["effects"][0]["times"] = "luck"; }),
              HasSubstr("'luck'"));
  EXPECT_THAT(message_after([](json& m) { m["schema"] = "shardwright.plan/1"; }),
              HasSubstr("plan"));
  EXPECT_THAT(message_after([](json& m) { m.erase("trained_on"); }), HasSubstr("trained_on"));
  EXPECT_THAT(message_after([](json& m) {
                m["trained_on"]["settings"][0]["ranks"] = {4, 2};
              }),
              HasSubstr("trained_on.settings[0].ranks[1] is 2"));
  EXPECT_THAT(message_after([](json& m) { m["pace_us"] = {1}; }), HasSubstr("pace_us is [1]"));
  EXPECT_THAT(message_after([](json& m) { m["pace_us"] = {1, 0}; }), HasSubstr("pace_us[1] is 0"));
}

TEST(CommModelFile, ThatIsCutOffIsRefused) {
  const std::string text = comm_model_to_json(small_model());
  EXPECT_THROW(parse_comm_model(text.substr(0, text.size() / 2), "m.json"), InputError);
}

TEST(PretrainedModels, AreWholeAndGrowWithTheMessage) {
  ASSERT_FALSE(pretrained_names().empty());
  for (const std::string& name : pretrained_names()) {
    const CommModel model = load_pretrained(name);
    EXPECT_EQ(model.name, name);
    EXPECT_LT(model.error.geometric_mean_error, 0.3) << name;
    const CommSetting& setting = model.training.settings.begin()->first;
    for (const std::int64_t ranks : {2, 3, 8, 64}) {
      const double small = predict_us(model, setting, call_of(1 << 20, ranks));
      const double large = predict_us(model, setting, call_of(1 << 28, ranks));
      EXPECT_GT(large, 4 * small) << name << " on " << ranks;
    }
  }
  EXPECT_THROW(load_pretrained("nccl-abacus"), UsageError);
}

}  // namespace
}  // namespace shardwright
