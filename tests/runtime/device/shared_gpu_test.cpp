#include "runtime/comm/collectives.hpp"
#include "runtime/comm/thread_communicator.hpp"
#include "runtime/device/cuda.hpp"
#include "runtime/device/rank_gpu.hpp"
#include "runtime/device/roll_call.hpp"
#include "runtime/trainer/rank_model.hpp"
#include "tests/runtime/embedding/synthetic_run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace shardwright {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

TEST(SharedGpu, IsNamedWithBothRanks) {
  const std::vector<RankGpu> ranks = {
      {"a", "gpu 1"}, {"b", "gpu 1"}, {"a", "gpu 2"}, {"b", "gpu 1"}};
  EXPECT_THAT(shared_gpu_problem(ranks), HasSubstr("Ranks 1 and 3 on b would share one GPU"));
  EXPECT_THAT(shared_gpu_problem(std::span(ranks).first(3)), IsEmpty());
}

TEST(RollCall, NamesTheRanksThatAreBehind) {
  run_ranks(3, [](Communicator& comm) {
    const std::int64_t operations = comm.rank() == RankId{1} ? 6 : 7;
    EXPECT_EQ(call_roll(comm, operations), "Rank 1 did not arrive there.");
  });
}

TEST(RollCall, BlamesTheLinkIfAllAreThere) {
  run_ranks(2, [](Communicator& comm) {
    EXPECT_THAT(call_roll(comm, 7), HasSubstr("All ranks have arrived"));
  });
}

TEST(DeviceModel, SaysWhyThereIsNone) {
  if (report_cuda().devices > 0) GTEST_SKIP() << "this machine has a CUDA device";
  const Plan plan = synthetic::make_plan({}, synthetic::Sharding::table_wise, 2, 0);
  run_ranks(2, [&](Communicator& comm) {
    try {
      make_rank_model(comm, {.plan = plan, .dense = {}}, {.backend = Backend::cuda});
      ADD_FAILURE() << "there is no GPU";
    } catch (const CollectiveError& error) {
      EXPECT_EQ(error.code(), ExitCode::environment);
      EXPECT_THAT(error.what(), HasSubstr(report_cuda().built ? "no CUDA" : "without CUDA"));
    }
  });
}

}  // namespace
}  // namespace shardwright
