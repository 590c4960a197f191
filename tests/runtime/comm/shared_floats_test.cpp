#include "runtime/comm/shared_floats.hpp"

#include "costmodel/errors.hpp"
#include "tests/runtime/comm/mapped_rank_memory.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <iterator>

namespace shardwright {
namespace {

std::ptrdiff_t open_files() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"),
                       std::filesystem::directory_iterator());
}

TEST(SharedFloats, AreSeenByWhoeverMapsTheirPlace) {
  SharedFloats own;
  own.resize(3000);
  PeerFloats peer;
  peer.map(own.place());
  own.values()[2999] = 1.5F;
  EXPECT_EQ(peer.values()[2999], 1.5F);
  peer.values()[0] = 2.5F;
  EXPECT_EQ(own.values()[0], 2.5F);
}

TEST(SharedFloats, StayWhereTheyAreWhileThereIsRoom) {
  SharedFloats own;
  own.resize(2000);
  own.values()[5] = 4.0F;
  const SharedPlace before = own.place();
  own.resize(10);
  EXPECT_EQ(own.values().size(), 10U);
  own.resize(2000);
  EXPECT_EQ(own.place().serial, before.serial);
  EXPECT_EQ(own.values()[5], 4.0F);
}

TEST(SharedFloats, GrowInOneFileSoThatTheirMemoryIsThereOnce) {
  SharedFloats own;
  own.resize(10);
  own.values()[9] = 3.0F;
  PeerFloats peer;
  peer.map(own.place());
  const std::int64_t before = own.place().serial;
  own.resize(100'000);
  EXPECT_NE(own.place().serial, before);
  EXPECT_EQ(own.values()[9], 3.0F);
  own.values()[9] = 7.0F;
  EXPECT_EQ(peer.values()[9], 7.0F) << "by the old place";
  peer.map(own.place());
  EXPECT_EQ(peer.values().size(), 100'000U);
  EXPECT_EQ(peer.values()[9], 7.0F);
}

TEST(SharedFloats, LeaveNothingOpenOrMapped) {
  const std::ptrdiff_t files = open_files();
  {
    SharedFloats own;
    PeerFloats peer;
    for (const std::size_t size : {10U, 5000U, 20'000U}) {
      own.resize(size);
      peer.map(own.place());
    }
    EXPECT_EQ(open_files(), files + 1);
    EXPECT_EQ(mapped_rank_memory(), 2);
  }
  EXPECT_EQ(open_files(), files);
  EXPECT_EQ(mapped_rank_memory(), 0);
}

TEST(SharedFloats, OfAnotherProcessThatHasNoneAreRefused) {
  int pipe[2] = {};
  ASSERT_EQ(::pipe(pipe), 0);
  PeerFloats peer;
  EXPECT_THROW(peer.map({::getpid(), pipe[0], 1, 10}), EnvironmentError) << "no memory";
  EXPECT_THROW(peer.map({-1, 3, 1, 10}), EnvironmentError) << "no process";
  ::close(pipe[0]);
  ::close(pipe[1]);
  EXPECT_TRUE(peer.values().empty());
}

TEST(SharedFloats, ThatAreSmallerThanTheirPlaceSaysAreRefused) {
  SharedFloats own;
  own.resize(10);
  SharedPlace place = own.place();
  place.floats = 11;
  PeerFloats peer;
  EXPECT_THROW(peer.map(place), EnvironmentError);
}

/// Before anything is written: no write can then meet a page that the system has not.
TEST(SharedFloats, HaveAllTheirPagesAtOnce) {
  SharedFloats own;
  for (const std::size_t floats : {std::size_t{100'000}, std::size_t{3'000'000}}) {
    own.resize(floats);
    struct stat facts = {};
    ASSERT_EQ(::fstat(static_cast<int>(own.place().descriptor), &facts), 0);
    constexpr std::size_t kBlock = 512;
    EXPECT_GE(static_cast<std::size_t>(facts.st_blocks) * kBlock, floats * sizeof(float));
  }
}

TEST(SharedFloats, ThatTheSystemHasNoRoomForThrowAtOnce) {
  rlimit before = {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit little = {.rlim_cur = 4096, .rlim_max = before.rlim_max};
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &little), 0);
  SharedFloats own;
  EXPECT_NO_THROW(own.resize(1024));
  EXPECT_THROW(own.resize(1025), EnvironmentError);
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
}

}  // namespace
}  // namespace shardwright
