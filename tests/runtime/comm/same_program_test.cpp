// Ranks that are not the same program find out before anything else.

#include "runtime/comm/same_program.hpp"

#include "costmodel/errors.hpp"
#include "runtime/comm/collectives.hpp"
#include "runtime/comm/thread_communicator.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shardwright {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::MatchesRegex;

TEST(BuildId, IsTheLinkersHash) {
  EXPECT_THAT(build_id(), MatchesRegex("[0-9a-f]+"));
  EXPECT_EQ(build_id().size(), 40U);
}

TEST(NumberList, JoinsNeighbours) {
  EXPECT_EQ(number_list({}), "");
  EXPECT_EQ(number_list({4}), "4");
  EXPECT_EQ(number_list({2, 3}), "2 and 3");
  EXPECT_EQ(number_list({1, 4, 5, 6, 7}), "1 and 4 to 7");
  EXPECT_EQ(number_list({0, 1, 3, 4, 5, 9}), "0, 1, 3 to 5 and 9");
}

TEST(SameProgram, IsTakenInSilence) {
  run_ranks(4, [](Communicator& comm) { require_same_program(comm, "1.0 build a"); });
}

TEST(SameProgram, IsRequiredOfHalfOfTheRanks) {
  run_ranks(4, [](Communicator& comm) {
    try {
      require_same_program(comm, comm.rank().value() < 2 ? "1.0 build a" : "1.0 build b");
      FAIL() << "nothing thrown";
    } catch (const CollectiveError& error) {
      EXPECT_EQ(error.code(), ExitCode::environment);
      EXPECT_THAT(error.what(), AllOf(HasSubstr("runs 1.0 build a, and ranks 2 and 3 on "),
                                      HasSubstr("run another (1.0 build b)")));
    }
  });
}

}  // namespace
}  // namespace shardwright
