#include "runtime/trainer/gradient_clip.hpp"

#include "runtime/comm/thread_communicator.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace shardwright {
namespace {

TEST(GradientClip, TheNormIsThatOfAllRanksEmbeddingsAndOfOneDensePart) {
  std::array<double, 3> norms{};
  const std::vector<float> dense = {2, -2, 1};  // 9, on every rank the same
  run_ranks(3, [&](Communicator& comm) {
    const std::size_t rank = comm.rank().index();
    norms[rank] = global_gradient_norm(comm, std::array{16.0, 24.0, 0.0}[rank], dense);
  });

  for (const double norm : norms) EXPECT_EQ(norm, 7.0);  // 16 + 24 + 9
}

TEST(GradientClip, ScalesToTheNormAndNeverUp) {
  EXPECT_EQ(clip_scale(0.5, 1), 1.0F);
  EXPECT_EQ(clip_scale(0, 1), 1.0F);
  EXPECT_FLOAT_EQ(clip_scale(4, 1), 1.0F / 4.000001F);
}

}  // namespace
}  // namespace shardwright
