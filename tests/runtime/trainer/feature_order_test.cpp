#include "runtime/trainer/feature_order.hpp"

#include "costmodel/errors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace shardwright {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<Table> tables() {
  std::vector<Table> tables(2);
  tables[0].name = "user";
  tables[0].features = {"user"};
  tables[1].name = "item";
  tables[1].features = {"clicked", "shown"};
  return tables;
}

void expect_refused(const std::vector<DatasetFeature>& features, const std::string& sentence) {
  try {
    match_features(tables(), features, "data/train");
    FAIL() << "accepted; expected: " << sentence;
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr(sentence));
  }
}

TEST(FeatureOrder, MatchesByName) {
  EXPECT_THAT(
      match_features(tables(), {{"shown", "item"}, {"user", "user"}, {"clicked", "item"}}, "d"),
      ElementsAre(1, 2, 0));
}

TEST(FeatureOrder, NamesTheNearestOfAMissingFeature) {
  expect_refused(
      {{"shown", "item"}, {"user", "user"}, {"clickde", "item"}},
      "data/train has no feature clicked, which table item needs; did you mean clickde?");
}

TEST(FeatureOrder, RefusesAFeatureOfAnotherKind) {
  expect_refused({{"shown", "item"}, {"user", "item"}, {"clicked", "item"}},
                 "Feature user belongs to table item in data/train, but to table user");
  expect_refused({{"shown", "item"}, {"user", "user", true}, {"clicked", "item"}},
                 "Feature user is weighted in data/train, but table user is unweighted");
}

TEST(FeatureOrder, RefusesAFeatureThatNoTableUses) {
  expect_refused({{"shown", "item"}, {"user", "user"}, {"clicked", "item"}, {"tag", "tag"}},
                 "has the feature tag, which no table of the plan uses");
}

TEST(FeatureOrder, ReorderMovesTheBags) {
  Batch batch;
  batch.features = {{{1}, {10}, {}}, {{1}, {11}, {}}, {{1}, {12}, {}}};

  reorder_features({1, 2, 0}, batch);

  EXPECT_THAT(batch.features[0].ids, ElementsAre(11));
  EXPECT_THAT(batch.features[1].ids, ElementsAre(12));
  EXPECT_THAT(batch.features[2].ids, ElementsAre(10));
}

}  // namespace
}  // namespace shardwright
