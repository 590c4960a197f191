#include "runtime/comm/thread_communicator.hpp"

#include "costmodel/errors.hpp"
#include "tests/runtime/comm/claims.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <stdexcept>
#include <string>

namespace shardwright {
namespace {

using testing::HasSubstr;

class ThreadCommunicator : public testing::TestWithParam<int> {};

TEST_P(ThreadCommunicator, DeliversBlocksOfAnySize) {
  run_ranks(GetParam(), claims::delivers_blocks_of_any_size);
}
TEST_P(ThreadCommunicator, DeliversWhatWasBegun) {
  run_ranks(GetParam(), claims::delivers_what_was_begun);
}
TEST_P(ThreadCommunicator, CountsWhatGoesToOthers) {
  run_ranks(GetParam(), claims::counts_what_goes_to_others);
}
TEST_P(ThreadCommunicator, GathersTextsInRankOrder) {
  run_ranks(GetParam(), claims::gathers_texts_in_rank_order);
}
TEST_P(ThreadCommunicator, AddsInRankOrder) { run_ranks(GetParam(), claims::adds_in_rank_order); }
TEST_P(ThreadCommunicator, AddsPiecesInRankOrder) {
  run_ranks(GetParam(), claims::adds_pieces_in_rank_order);
}
TEST_P(ThreadCommunicator, ReducesWithThePromisedBytes) {
  run_ranks(GetParam(), claims::reduces_with_the_promised_bytes);
}
TEST_P(ThreadCommunicator, SuccessOfAllStaysSilent) {
  run_ranks(GetParam(), claims::success_stays_silent);
}
TEST_P(ThreadCommunicator, FailureReachesEveryRank) {
  run_ranks(GetParam(), claims::failure_reaches_every_rank);
}
TEST_P(ThreadCommunicator, CommonFailureIsToldOnce) {
  run_ranks(GetParam(), claims::common_failure_is_told_once);
}
TEST_P(ThreadCommunicator, ForeignExceptionsGetACode) {
  run_ranks(GetParam(), claims::foreign_exceptions_get_a_code);
}

INSTANTIATE_TEST_SUITE_P(Ranks, ThreadCommunicator, testing::Values(1, 2, 3, 5, 8));

/// What run_ranks() throws.
std::string failure_of(std::int64_t ranks, const std::function<void(Communicator&)>& work) {
  try {
    run_ranks(ranks, work);
  } catch (const std::exception& error) {
    return error.what();
  }
  return "nothing";
}

TEST(RunRanks, GivesEachRankItsNumber) {
  std::atomic<std::int64_t> sum = 0;
  run_ranks(5, [&](Communicator& comm) {
    EXPECT_EQ(comm.size(), 5);
    sum += comm.rank().value() + 1;
  });
  EXPECT_EQ(sum, 15);
}

TEST(RunRanks, ARankThatThrowsReleasesThoseThatWait) {
  EXPECT_EQ(failure_of(4,
                       [](Communicator& comm) {
                         comm.barrier();
                         if (comm.rank().value() == 2) throw InputError("bad row 7");
                         comm.barrier();
                         FAIL() << "came through a barrier that rank 2 never reached";
                       }),
            "bad row 7");
}

TEST(RunRanks, ARankThatAbortsEndsTheOthersWithItsCode) {
  try {
    run_ranks(3, [](Communicator& comm) {
      if (comm.rank().value() == 1) comm.abort(static_cast<int>(ExitCode::timeout));
      comm.barrier();
    });
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::timeout);
    EXPECT_STREQ(error.what(), "Rank 1 aborted the job with exit code 6.");
  }
}

TEST(RunRanks, ARankThatEndsEarlyDoesNotLeaveTheOthersWaiting) {
  EXPECT_THAT(failure_of(3,
                         [](Communicator& comm) {
                           if (comm.rank().value() != 0) comm.barrier();
                         }),
              HasSubstr("waits for another one that has ended"));
}

/// Rank 1 leaves its blocks behind; nobody may look at them any more.
TEST(RunRanks, ARankThatThrowsAmidAnExchangeReleasesThoseThatWait) {
  std::promise<void> released;
  EXPECT_EQ(failure_of(3,
                       [&](Communicator& comm) {
                         // Rank 2 never begins, nor ends before the others have.
                         if (comm.rank().value() == 2) return released.get_future().wait();
                         std::vector<std::byte> data(64);
                         std::vector<std::byte> received(3 * data.size());
                         std::vector<Communicator::ReceiveBlock> receive;
                         for (std::size_t r = 0; r < 3; ++r) {
                           receive.push_back(std::span(received).subspan(64 * r, 64));
                         }
                         const auto exchange = comm.start_all_to_all(
                             std::vector<Communicator::SendBlock>(3, data), receive);
                         if (comm.rank().value() == 1) throw InputError("bad row 7");
                         EXPECT_THROW(exchange->wait(), EnvironmentError);
                         released.set_value();
                       }),
            "bad row 7");
}

TEST(RunRanks, RanksThatDisagreeOnSizesFailInsteadOfReadingTooFar) {
  EXPECT_THAT(failure_of(2,
                         [](Communicator& comm) {
                           std::vector<std::byte> data(comm.rank().value() == 0 ? 8 : 4);
                           const std::vector<Communicator::SendBlock> send(2, data);
                           const std::vector<Communicator::ReceiveBlock> receive(2,
                                                                                 std::span(data));
                           comm.all_to_all(send, receive);
                         }),
              testing::AnyOf(HasSubstr("sent 8 bytes to rank 1, which expected 4"),
                             HasSubstr("sent 4 bytes to rank 0, which expected 8")));
}

TEST(RunRanks, BlocksMustBeOnePerRank) {
  EXPECT_THAT(failure_of(2, [](Communicator& comm) { comm.all_to_all({}, {}); }),
              HasSubstr("0 send blocks"));
}

}  // namespace
}  // namespace shardwright
