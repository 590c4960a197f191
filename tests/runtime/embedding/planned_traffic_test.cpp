// What ranks send, beside what plans are priced by.

#include "tests/runtime/embedding/planned_traffic.hpp"

#include "runtime/comm/thread_communicator.hpp"

#include <gtest/gtest.h>

namespace shardwright::synthetic {
namespace {

class PlannedTraffic : public testing::TestWithParam<std::int64_t> {};

TEST_P(PlannedTraffic, IsWhatRanksSendByEveryTypeAndExchange) {
  run_ranks(GetParam(), [](Communicator& comm) { expect_planned_bytes(comm); });
}

INSTANTIATE_TEST_SUITE_P(Ranks, PlannedTraffic, testing::Values(1, 2, 4, 8),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace shardwright::synthetic
