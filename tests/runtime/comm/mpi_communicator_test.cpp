#include "runtime/comm/mpi_communicator.hpp"

#include "costmodel/errors.hpp"
#include "tests/runtime/comm/claims.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace shardwright {
namespace {

/// Messages of 37 bytes at most: blocks of 74 bytes are cut at an edge, those of the collectives in
/// between.
class MpiCommunicator : public testing::TestWithParam<std::int64_t> {
 protected:
  std::unique_ptr<Communicator> comm_ = make_mpi_communicator(GetParam());
};

TEST_P(MpiCommunicator, DeliversBlocksOfAnySize) { claims::delivers_blocks_of_any_size(*comm_); }
TEST_P(MpiCommunicator, DeliversWhatWasBegun) { claims::delivers_what_was_begun(*comm_); }
TEST_P(MpiCommunicator, CountsWhatGoesToOthers) { claims::counts_what_goes_to_others(*comm_); }
TEST_P(MpiCommunicator, GathersTextsInRankOrder) { claims::gathers_texts_in_rank_order(*comm_); }
TEST_P(MpiCommunicator, AddsInRankOrder) { claims::adds_in_rank_order(*comm_); }
TEST_P(MpiCommunicator, ReducesWithThePromisedBytes) {
  claims::reduces_with_the_promised_bytes(*comm_);
}
TEST_P(MpiCommunicator, SuccessOfAllStaysSilent) { claims::success_stays_silent(*comm_); }
TEST_P(MpiCommunicator, FailureReachesEveryRank) { claims::failure_reaches_every_rank(*comm_); }
TEST_P(MpiCommunicator, CommonFailureIsToldOnce) { claims::common_failure_is_told_once(*comm_); }
TEST_P(MpiCommunicator, ForeignExceptionsGetACode) {
  claims::foreign_exceptions_get_a_code(*comm_);
}

INSTANTIATE_TEST_SUITE_P(MessageLimit, MpiCommunicator,
                         testing::Values(1, 37, std::int64_t{1} << 30));

TEST(MpiCommunicatorSize, IsTheNumberThatMpirunStarted) {
  const char* expected = std::getenv("SHARDWRIGHT_TEST_RANKS");
  ASSERT_NE(expected, nullptr);
  EXPECT_EQ(make_mpi_communicator()->size(), std::atoi(expected));
}

TEST(MpiCommunicatorErrors, AShortMessageNamesTheRankAndBothSizes) {
  const auto comm = make_mpi_communicator();
  if (comm->size() == 1) GTEST_SKIP() << "needs a peer";
  std::vector<std::byte> sent(4);
  std::vector<std::byte> received(8);
  const auto ranks = static_cast<std::size_t>(comm->size());
  std::vector<Communicator::SendBlock> send(ranks, sent);
  std::vector<Communicator::ReceiveBlock> receive(ranks, std::span(received));
  receive[comm->rank().index()] = std::span(received).first(4);
  try {
    comm->all_to_all(send, receive);
    FAIL() << "nothing was thrown";
  } catch (const EnvironmentError& error) {
    EXPECT_TRUE(std::string(error.what()).find("sent 4 bytes where 8 were expected") !=
                std::string::npos)
        << error.what();
  }
  comm->barrier();
}

TEST(MpiCommunicatorErrors, AMessageLimitThatMpiCannotCountIsRefused) {
  EXPECT_THROW(make_mpi_communicator(0), UsageError);
  EXPECT_THROW(make_mpi_communicator(std::int64_t{1} << 31), UsageError);
}

}  // namespace
}  // namespace shardwright
