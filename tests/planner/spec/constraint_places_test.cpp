#include "planner/spec/constraint_places.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shardwright {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::size_t kMost = 8;

const InputFile kTables{"t.json", R"({"tables": [
  {"name": "a", "constraints": {"max_shards": 1, "apart": ["b"]}},
  {"name": "b", "constraints": {"max_shards": 2}},
  {"name": "c"}]})"};
const InputFile kConstraints{"c.json", R"({"tables": [
  {"name": "*", "constraints": {"types": ["row_wise"]}},
  {"name": "b", "constraints": {"max_shards": 3}},
  {"name": "b", "constraints": {"max_shards": 4}}],
  "apart": [["a", "c"], ["b", "c"]], "excluded_ranks": [1]})"};
const ConstraintSources kBoth{kTables, kConstraints};

TEST(ConstraintPlaces, AreThoseOfTheTableSpec) {
  EXPECT_THAT(constraint_places(constraints_of("a", {"max_shards", "apart"}), {kTables, {}}, kMost),
              ElementsAre("t.json: tables[0].constraints.max_shards",
                          "t.json: tables[0].constraints.apart"));
}

TEST(ConstraintPlaces, OfTheLastEntryOfTheConstraintsFileHideThoseOfTheSpec) {
  EXPECT_THAT(constraint_places(constraints_of("b", {"max_shards"}), kBoth, kMost),
              ElementsAre("c.json: tables[2].constraints.max_shards"));
  EXPECT_THAT(constraint_places(constraints_of("a", {"max_shards"}), kBoth, kMost),
              ElementsAre("t.json: tables[0].constraints.max_shards"));
}

TEST(ConstraintPlaces, AreOnceWhatStandsForEveryTable) {
  auto asked = constraints_of("a", {"types"});
  append(constraints_of("c", {"types"}), asked);
  EXPECT_THAT(constraint_places(asked, kBoth, kMost),
              ElementsAre("c.json: tables[0].constraints.types"));
}

TEST(ConstraintPlaces, AreGroupsThatNameTheTable) {
  EXPECT_THAT(constraint_places(constraints_of("c", {"apart"}), kBoth, kMost),
              ElementsAre("c.json: apart[0]", "c.json: apart[1]"));
}

TEST(ConstraintPlaces, AreThoseOfRanks) {
  const std::vector<AskedConstraint> asked = {{"", "excluded_ranks"}, {"", "reserved_bytes"}};
  EXPECT_THAT(constraint_places(asked, kBoth, kMost), ElementsAre("c.json: excluded_ranks"));
  EXPECT_THAT(constraint_places(asked, {kTables, {}}, kMost), IsEmpty());
}

TEST(ConstraintPlaces, LeavesOutWhatNobodyAskedForAndWhatIsNoJson) {
  EXPECT_THAT(constraint_places(constraints_of("c", {"max_shards", "together"}), kBoth, kMost),
              IsEmpty());
  EXPECT_THAT(constraint_places(constraints_of("a", {"max_shards"}),
                                {InputFile{"t.csv", "name,rows,dim\na,5,8\n"}, {}}, kMost),
              IsEmpty());
}

TEST(ConstraintPlaces, LooksForNoFurtherOnes) {
  EXPECT_THAT(constraint_places(constraints_of("a", {"max_shards", "apart"}), {kTables, {}}, 1),
              ElementsAre("t.json: tables[0].constraints.max_shards"));
}

}  // namespace
}  // namespace shardwright
