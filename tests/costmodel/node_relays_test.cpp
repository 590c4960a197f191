#include "costmodel/node_relays.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shardwright {
namespace {

using ::testing::ElementsAre;

NodeRelays relays_of(std::initializer_list<std::int64_t> nodes) {
  Topology topology;
  for (const std::int64_t node : nodes) topology.ranks.emplace_back().node = node;
  return NodeRelays(topology);
}

TEST(NodeRelays, AreOfTheSamePlaceAndOnTheirOwnNodeTheRanksThemselves) {
  const NodeRelays relays = relays_of({7, 3, 7, 3});  // nodes 3 and 7: ranks 1, 3 and 0, 2
  ASSERT_EQ(relays.num_nodes(), 2U);
  EXPECT_THAT(relays.members(0), ElementsAre(RankId(1), RankId(3)));
  EXPECT_EQ(relays.node(RankId(2)), 1U);
  EXPECT_EQ(relays.relay(0, RankId(2)), RankId(3));
  EXPECT_EQ(relays.relay(1, RankId(2)), RankId(2));
  EXPECT_THAT(relays.served(RankId(3)), ElementsAre(RankId(2), RankId(3)));
}

TEST(NodeRelays, ServeSeveralRanksWhereTheirNodeHasFewer) {
  const NodeRelays relays = relays_of({0, 0, 1, 1, 1});
  EXPECT_EQ(relays.relay(0, RankId(4)), RankId(0));
  EXPECT_THAT(relays.served(RankId(0)), ElementsAre(RankId(0), RankId(2), RankId(4)));
  EXPECT_THAT(relays.served(RankId(4)), ElementsAre(RankId(4)));
}

}  // namespace
}  // namespace shardwright
