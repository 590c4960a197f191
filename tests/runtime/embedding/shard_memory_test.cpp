// Only this rank's shards are ever allocated, in pages as large as the system has them.

#include "runtime/comm/thread_communicator.hpp"
#include "runtime/embedding/sharded_embeddings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace shardwright {
namespace {

constexpr std::int64_t kRows = 1 << 20;
constexpr std::int64_t kRanks = 64;

/// One table of 1 GiB, 16 MiB of it on each of 64 ranks.
Plan cut_finely() {
  Plan plan;
  plan.topology.ranks.resize(kRanks);
  Table table;
  table.name = "wide";
  table.rows = kRows;
  table.dim = 4 * kRanks;
  table.features = {"wide"};
  table.optimizer = OptimizerKind::sgd;
  plan.workload.tables = {table};
  for (std::int64_t rank = 0; rank < kRanks; ++rank) {
    plan.shards.push_back(
        {TableId{0}, ShardingType::column_wise, 0, kRows, 4 * rank, 4 * rank + 4, RankId{rank}});
  }
  return plan;
}

/// Rank 5 of 64, all by itself: ShardedEmbeddings' constructor does not communicate.
class LoneRank : public Communicator {
 public:
  RankId rank() const override { return RankId{5}; }
  std::int64_t size() const override { return kRanks; }
  void barrier() override {}
  [[noreturn]] void abort(int exit_code) override { std::_Exit(exit_code); }

 private:
  void do_all_to_all(std::span<const SendBlock> /*send*/,
                     std::span<const ReceiveBlock> /*receive*/) override {}
};

void limit_memory(std::uint64_t more_bytes) {
  std::uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  const rlim_t limit = pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)) + more_bytes;
  const rlimit limits = {limit, limit};
  setrlimit(RLIMIT_AS, &limits);
}

/// Ends the process: 0 if the shards fit into so much memory more than there is now.
[[noreturn]] void build_within(std::uint64_t bytes) {
  const Plan plan = cut_finely();
  LoneRank comm;
  limit_memory(bytes);
  try {
    const ShardedEmbeddings embeddings(plan, comm, {});
    std::_Exit(embeddings.local_shards().size() == 1 ? 0 : 2);
  } catch (...) {
    std::_Exit(1);
  }
}

TEST(ShardMemory, BuildingAShardNeverTakesTheWholeTable) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers need their address space";
#endif
  constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
  EXPECT_EXIT(build_within(128 * kMiB), testing::ExitedWithCode(0), "");
  EXPECT_EXIT(build_within(8 * kMiB), testing::ExitedWithCode(1), "");  // the limit does bite
}

/// The flags of the mapping that holds an address, as /proc/self/smaps has them: two letters each.
std::string flags_of_memory(const void* address) {
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  std::ifstream maps("/proc/self/smaps");
  bool is_inside = false;
  for (std::string line; std::getline(maps, line);) {
    std::istringstream words(line);
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    char dash = 0;
    if (words >> std::hex >> begin >> dash >> end && dash == '-') {
      is_inside = begin <= wanted && wanted < end;
    } else if (is_inside && line.starts_with("VmFlags:")) {
      return line + " ";
    }
  }
  return "";
}

TEST(ShardMemory, AsksForHugePages) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers have memory of their own";
#endif
  if (!std::ifstream("/sys/kernel/mm/transparent_hugepage/enabled")) {
    GTEST_SKIP() << "this kernel has no transparent huge pages";
  }
  LoneRank comm;
  const ShardedEmbeddings embeddings(cut_finely(), comm, {});
  const auto& weights = embeddings.local_shards().front().weights;
  EXPECT_THAT(flags_of_memory(weights.data() + weights.size() / 2), testing::HasSubstr(" hg "));
}

/// Pages that the system has handed out, each at the first touch.
std::int64_t pages_of(int who) {
  rusage usage = {};
  getrusage(who, &usage);
  return usage.ru_minflt;
}

/// A quarter of them falls to each; of 128 MiB they are 64 at least, more than what threads and
/// their stacks need besides.
TEST(ShardMemory, IsTouchedFirstByTheThreadsThatShareIt) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers touch pages of their own";
#endif
  Plan plan = cut_finely();
  plan.workload.tables[0].dim = 32;
  plan.topology.ranks.resize(1);
  plan.shards = {{TableId{0}, ShardingType::table_wise, 0, kRows, 0, 32, RankId{0}}};
  run_ranks(1, [&](Communicator& comm) {
    const std::int64_t own_before = pages_of(RUSAGE_THREAD);
    const std::int64_t all_before = pages_of(RUSAGE_SELF);
    const ShardedEmbeddings embeddings(plan, comm, {.threads = 4});
    const std::int64_t all = pages_of(RUSAGE_SELF) - all_before;
    EXPECT_GE(all, 64);
    EXPECT_LT(2 * (pages_of(RUSAGE_THREAD) - own_before), all);
  });
}

}  // namespace
}  // namespace shardwright
