#include "runtime/comm/mpi_communicator.hpp"

#include "costmodel/errors.hpp"
#include "tests/runtime/comm/claims.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

namespace shardwright {
namespace {

using testing::HasSubstr;

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

/// What is said where every rank sends the others less than they expect. Needs a peer.
std::string told_of_short_messages(Communicator& comm, std::size_t sent_bytes,
                                   std::size_t expected_bytes) {
  std::vector<std::byte> sent(sent_bytes);
  std::vector<std::byte> received(expected_bytes);
  const auto ranks = static_cast<std::size_t>(comm.size());
  std::vector<Communicator::SendBlock> send(ranks, sent);
  std::vector<Communicator::ReceiveBlock> receive(ranks, std::span(received));
  receive[comm.rank().index()] = std::span(received).first(sent_bytes);
  std::string told = "nothing";
  try {
    comm.all_to_all(send, receive);
  } catch (const EnvironmentError& error) {
    told = error.what();
  }
  comm.barrier();
  return told;
}

TEST(MpiCommunicatorErrors, AShortMessageNamesTheRankAndBothSizes) {
  const auto comm = make_mpi_communicator();
  if (comm->size() == 1) GTEST_SKIP() << "needs a peer";
  EXPECT_THAT(told_of_short_messages(*comm, 4, 8), HasSubstr("sent 4 bytes where 8 were expected"));
}

/// Five bytes travel as three and two.
TEST(MpiCommunicatorErrors, ALongMessageIsCutAtTheLimit) {
  const auto comm = make_mpi_communicator(3);
  if (comm->size() == 1) GTEST_SKIP() << "needs a peer";
  EXPECT_THAT(told_of_short_messages(*comm, 5, 6), HasSubstr("sent 2 bytes where 3 were expected"));
}

TEST(MpiCommunicatorErrors, AMessageLimitThatMpiCannotCountIsRefused) {
  EXPECT_THROW(make_mpi_communicator(0), UsageError);
  EXPECT_THROW(make_mpi_communicator(std::int64_t{1} << 31), UsageError);
}

}  // namespace
}  // namespace shardwright
