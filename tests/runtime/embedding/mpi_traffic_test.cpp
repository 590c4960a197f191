#include "runtime/comm/mpi_communicator.hpp"
#include "tests/runtime/embedding/planned_traffic.hpp"

#include <gtest/gtest.h>

namespace shardwright::synthetic {
namespace {

TEST(PlannedTrafficOverMpi, IsWhatRanksSendByEveryTypeAndExchange) {
  expect_planned_bytes(*make_mpi_communicator());
}

}  // namespace
}  // namespace shardwright::synthetic
