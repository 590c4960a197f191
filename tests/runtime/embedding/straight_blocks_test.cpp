// Pooled values leave from where they were looked up, and gradients arrive where they are read:
// nothing is copied on the way.

#include "runtime/comm/thread_communicator.hpp"
#include "tests/runtime/embedding/synthetic_run.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <span>
#include <vector>

namespace shardwright::synthetic {
namespace {

/// What was handed to an exchange, one for each rank.
struct Blocks {
  std::vector<Communicator::SendBlock> sent;
  std::vector<Communicator::ReceiveBlock> received;
};

/// Keeps where the blocks of each exchange lie that is begun through it.
class BlockKeeper final : public Communicator {
 public:
  explicit BlockKeeper(Communicator& inner) : inner_(inner) {}

  RankId rank() const override { return inner_.rank(); }
  std::int64_t size() const override { return inner_.size(); }
  void barrier() override { inner_.barrier(); }
  [[noreturn]] void abort(int exit_code) override { std::_Exit(exit_code); }

  const std::vector<Blocks>& begun() const { return begun_; }

 private:
  void do_all_to_all(std::span<const SendBlock> send,
                     std::span<const ReceiveBlock> receive) override {
    inner_.all_to_all(send, receive);
  }
  std::unique_ptr<Exchange> do_start(std::span<const SendBlock> send,
                                     std::span<const ReceiveBlock> receive) override {
    begun_.push_back({{send.begin(), send.end()}, {receive.begin(), receive.end()}});
    return inner_.start_all_to_all(send, receive);
  }

  Communicator& inner_;
  std::vector<Blocks> begun_;
};

/// Of the exchanges that a step begins; those of counts and ids are the first two.
constexpr std::size_t kPooled = 2;
constexpr std::size_t kGradients = 3;

/// Columns of all its shards' pooled features together.
std::int64_t owned_columns(const Plan& plan, RankId rank) {
  std::int64_t columns = 0;
  for (const Shard& shard : plan.shards) {
    const std::int64_t features = std::ssize(plan.workload.table(shard.table).features);
    if (shard.on(rank)) columns += features * shard.columns();
  }
  return columns;
}

/// A matrix with the samples of all ranks, one after the other, the rank's own among them.
void expect_one_matrix(const Plan& plan, RankId self, const Blocks& blocks) {
  const std::byte* row = blocks.sent[self.index() == 0 ? 1 : 0].data();
  const std::int64_t row_bytes = 4 * owned_columns(plan, self);
  if (self.index() == 0) row -= make_share_of(plan.workload, 0, 3, 0).size * row_bytes;
  for (std::int64_t r = 0; r < 3; ++r) {
    const std::int64_t bytes = make_share_of(plan.workload, 0, 3, r).size * row_bytes;
    if (RankId{r} != self && bytes > 0) {
      EXPECT_EQ(blocks.sent[static_cast<std::size_t>(r)].data(), row);
      EXPECT_EQ(std::ssize(blocks.sent[static_cast<std::size_t>(r)]), bytes);
    }
    row += bytes;
  }
}

TEST(StraightBlocks, AreRowsOfTheMatrixThatIsLookedUpIntoAndUpdatedFrom) {
  const Plan plan = make_plan({}, Sharding::column_wise, 3, 4);
  run_ranks(3, [&](Communicator& inner) {
    BlockKeeper comm(inner);
    ShardedEmbeddings embeddings(plan, comm, {});
    const Batch batch = make_share(plan.workload, 0, comm);
    std::vector<float> pooled(static_cast<std::size_t>(batch.size * embeddings.pooled_columns()));
    embeddings.forward(batch, pooled);
    embeddings.backward(pooled, kLearningRate);
    ASSERT_EQ(comm.begun().size(), kGradients + 1);
    const Blocks& values = comm.begun()[kPooled];
    expect_one_matrix(plan, comm.rank(), values);
    for (std::size_t r = 0; r < 3; ++r) {
      const Communicator::ReceiveBlock gradients = comm.begun()[kGradients].received[r];
      EXPECT_EQ(gradients.size(), values.sent[r].size());
      if (!gradients.empty()) {
        EXPECT_EQ(gradients.data(), values.sent[r].data());
      }
    }
  });
}

}  // namespace
}  // namespace shardwright::synthetic
