#include "runtime/doctor/findings.hpp"

#include "runtime/comm/thread_communicator.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace shardwright {
namespace {

using testing::HasSubstr;

RankFacts good_rank() {
  return {.host = "node1",
          .version = "1.0",
          .program = "0123456789abcdef",
          .mpi_library = "Open MPI v4.1.4",
          .blas = "/usr/lib/libopenblas.so.0",
          .cores = {0, 1, 2, 3},
          .threads = 2,
          .memory = Bytes{std::int64_t{8} << 30},
          .shared_memory = Bytes{std::int64_t{1} << 30},
          .open_files = 1024,
          .has_ssh = true,
          .with_cuda = true,
          .gpus = 2,
          .gpu_problem = {},
          .ranks_beside = 1};
}

constexpr RankSpeeds kGoodSpeeds{10, 5, 20};

class Doctor : public testing::Test {
 protected:
  Finding finding(const std::string& check) const {
    for (const Finding& one : judge(facts_, speeds_)) {
      if (one.check == check) return one;
    }
    ADD_FAILURE() << "nothing is said of " << check;
    return {};
  }
  void expect(Verdict verdict, const std::string& check, const std::string& text) const {
    const Finding found = finding(check);
    EXPECT_EQ(found.verdict, verdict) << found.found;
    EXPECT_THAT(found.found, HasSubstr(text));
    EXPECT_EQ(found.remedy.empty(), verdict == Verdict::pass);
  }

  std::vector<RankFacts> facts_ = {good_rank(), good_rank()};
  std::vector<RankSpeeds> speeds_ = {kGoodSpeeds, kGoodSpeeds};
};

TEST_F(Doctor, PassesASoundHost) {
  for (const Finding& one : judge(facts_, speeds_)) {
    EXPECT_EQ(one.verdict, Verdict::pass) << one.check << ": " << one.found;
  }
}

TEST_F(Doctor, FailsDifferentPrograms) {
  facts_[1].program = "fedcba9876543210";
  expect(Verdict::fail, "program", "rank 1 on node1 has shardwright 1.0 (fedcba98)");
  EXPECT_TRUE(any_failed(judge(facts_, speeds_)));
}

TEST_F(Doctor, WarnsOfRanksThatCannotMapEachOthersMemory) {
  facts_[1].ranks_beside = 0;
  expect(Verdict::warn, "node memory", "the memory of 0 of the 1 other ranks");
  facts_[1].host = "node2";  // where there is no other
  expect(Verdict::pass, "node memory", "rank 0 can map that of 1 other rank");
}

TEST_F(Doctor, FailsDifferentMpiLibraries) {
  facts_[1].mpi_library = "Open MPI v5.0.1";
  expect(Verdict::fail, "MPI", "rank 1 on node1 has Open MPI v5.0.1");
}

TEST_F(Doctor, WarnsOfMoreThreadsThanCores) {
  facts_[1].threads = 3;
  expect(Verdict::warn, "cores", "node1: 2 ranks with 5 threads may run on 4 cores");
  expect(Verdict::pass, "binding", "");
  EXPECT_FALSE(any_failed(judge(facts_, speeds_)));
}

TEST_F(Doctor, WarnsOfARankBoundToTooFewCores) {
  facts_[1].cores = {3};
  expect(Verdict::warn, "binding", "rank 1 on node1 has 2 threads but is bound to 1 core");
  EXPECT_THAT(finding("binding").remedy, HasSubstr("slot:PE=2"));
}

TEST_F(Doctor, CoresOfTwoHostsAreNotShared) {
  for (RankFacts& rank : facts_) rank.threads = 4;
  expect(Verdict::warn, "cores", "8 threads");
  facts_[1].host = "node2";
  expect(Verdict::pass, "cores", "");
}

TEST_F(Doctor, WarnsOfLittleMemoryPerRankOfAHost) {
  for (RankFacts& rank : facts_) rank.memory = Bytes{std::int64_t{3} << 29};
  expect(Verdict::warn, "memory", "1.5 GiB for 2 ranks on node1");
  facts_[1].host = "node2";
  expect(Verdict::pass, "memory", "1.5 GiB");
}

TEST_F(Doctor, WarnsOfAContainersSmallSharedMemory) {
  for (RankFacts& rank : facts_) rank.shared_memory = Bytes{std::int64_t{64} << 20};
  expect(Verdict::warn, "/dev/shm", "64 MiB for 2 ranks");
}

TEST_F(Doctor, WarnsOfFewOpenFiles) {
  facts_[1].open_files = 64;
  expect(Verdict::warn, "open files", "64");
}

TEST_F(Doctor, WarnsOfTheReferenceBlas) {
  facts_[1].blas = "/usr/lib/blas/libblas.so.3";
  expect(Verdict::warn, "BLAS", "reference");
}

TEST_F(Doctor, WarnsWithoutSsh) {
  facts_[0].has_ssh = false;
  expect(Verdict::warn, "ssh", "none on node1");
}

TEST_F(Doctor, WarnsOfRanksThatShareGpus) {
  facts_[0].gpus = 1;
  expect(Verdict::warn, "GPUs", "2 ranks see 1 GPU");
  facts_[0].gpus = 0;
  facts_[0].gpu_problem = "no CUDA device";
  expect(Verdict::warn, "GPUs", "0 GPUs; no CUDA device");
}

TEST_F(Doctor, WarnsOfARankOfHalfTheSpeed) {
  facts_.push_back(good_rank());
  speeds_ = {kGoodSpeeds, {10, 2, 20}, kGoodSpeeds};
  expect(Verdict::warn, "all-to-all", "slowest rank 1 on node1 2.00 GB/s");
  expect(Verdict::pass, "copy", "10.00 GB/s");
}

TEST(DoctorFacts, AreThoseOfEveryRank) {
  run_ranks(3, [](Communicator& comm) {
    RankFacts mine = good_rank();
    mine.threads = 10 + comm.rank().value();
    mine.gpu_problem = "a \"quoted\" one";
    const std::vector<RankFacts> all = gather_rank_facts(comm, mine);
    ASSERT_EQ(all.size(), 3U);
    EXPECT_EQ(all[2].threads, 12);
    EXPECT_EQ(all[1].gpu_problem, "a \"quoted\" one");
    EXPECT_EQ(all[0].cores, good_rank().cores);
  });
}

TEST(DoctorFacts, OfThisProcessAreFound) {
  const RankFacts facts = find_rank_facts("1.2");
  EXPECT_EQ(facts.version, "1.2");
  EXPECT_EQ(facts.program.size(), 16U);
  EXPECT_FALSE(facts.host.empty() || facts.mpi_library.empty() || facts.cores.empty());
  EXPECT_GT(facts.threads, 0);
  EXPECT_GT(facts.memory, Bytes{0});
  EXPECT_GT(facts.open_files, 0);
}

TEST(DoctorSpeeds, AreMeasuredOnEveryRank) {
  run_ranks(2, [](Communicator& comm) {
    for (const RankSpeeds& rank : measure_speeds(comm)) {
      EXPECT_GT(rank.copy_gb_per_s, 0);
      EXPECT_GT(rank.all_to_all_gb_per_s, 0);
      EXPECT_GT(rank.smallest_exchange_us, 0);
    }
  });
}

}  // namespace
}  // namespace shardwright
