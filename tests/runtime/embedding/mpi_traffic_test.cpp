#include "runtime/comm/mpi_communicator.hpp"
#include "tests/runtime/embedding/planned_traffic.hpp"

#include <gtest/gtest.h>

namespace shardwright::synthetic {
namespace {

TEST(PlannedTrafficOverMpi, IsWhatRanksSendByEveryTypeAndExchange) {
  const auto comm = make_mpi_communicator();
  for (std::int64_t nodes = 1; nodes <= comm->size(); nodes *= 2) {
    expect_planned_bytes(*comm, nodes);
  }
}

}  // namespace
}  // namespace shardwright::synthetic
