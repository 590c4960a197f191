#include "runtime/device/device_embeddings.hpp"

#include "costmodel/errors.hpp"
#include "runtime/comm/mpi_communicator.hpp"
#include "runtime/device/cuda.hpp"
#include "runtime/device/device_memory.hpp"
#include "runtime/device/rank_gpu.hpp"
#include "tests/runtime/embedding/distance.hpp"
#include "tests/runtime/embedding/own_part.hpp"
#include "tests/runtime/embedding/synthetic_run.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

namespace shardwright::synthetic {
namespace {

/// What all runs of this process share: one GPU for all ranks.
struct Gpu {
  Gpu() : comm(made(*host), stream.get(), /*shared_gpu=*/true) {}
  static Communicator& made(Communicator& host) {
    take_gpu(host, true);
    return host;
  }
  std::unique_ptr<Communicator> host = make_mpi_communicator();
  OwnedStream stream;
  DeviceCommunicator comm;
};

Outcome run_on_device(const Plan& plan, Gpu& gpu) {
  const DeviceStream stream = gpu.stream.get();
  DeviceEmbeddings embeddings(plan, gpu.comm, {.seed = kSeed});
  PhaseTimer timer(stream);
  DeviceArray<float> values(stream, "the test's values");
  const auto train = [&](const Batch& batch, std::span<float> pooled,
                         std::span<const float> gradient) {
    values.resize(pooled.size());
    timer.start();
    embeddings.forward(batch, values.data(), timer);
    copy_to_host(pooled.data(), values.data(), pooled.size_bytes(), stream);
    copy_to_device(values.data(), gradient.data(), gradient.size_bytes(), stream);
    embeddings.backward(values.data(), kLearningRate, timer);
    gpu.comm.wait();
  };
  return run(plan, *gpu.host,
             Trainee{.pooled_columns = embeddings.pooled_columns(), .train = train, .shards = [&] {
                       return embeddings.download();
                     }});
}

void expect_close(const Outcome& found, const Outcome& expected) {
  constexpr double kTolerance = 1e-6;
  EXPECT_LE(relative_distance(found.pooled, expected.pooled), kTolerance);
  for (std::size_t t = 0; t < expected.weights.size(); ++t) {
    EXPECT_LE(relative_distance(found.weights[t], expected.weights[t]), kTolerance);
    EXPECT_LE(relative_distance(found.state[t], expected.state[t]), kTolerance);
  }
}

std::vector<Training> trainings() {
  return {{.optimizer = OptimizerKind::sgd, .mode = PoolingMode::sum},
          {.optimizer = OptimizerKind::adagrad, .mode = PoolingMode::mean},
          {.optimizer = OptimizerKind::rowwise_adagrad, .mode = PoolingMode::sum, .weighted = true},
          {.optimizer = OptimizerKind::rowwise_adagrad, .mode = PoolingMode::mean}};
}

TEST(DeviceEmbeddings, TrainAsThoseOnTheCpu) {
  if (report_cuda().devices == 0) GTEST_SKIP() << "skipped: no CUDA device";
  Gpu gpu;
  for (const Sharding sharding :
       {Sharding::table_wise, Sharding::column_wise, Sharding::mixed, Sharding::row_wise,
        Sharding::table_row_wise, Sharding::table_column_wise, Sharding::grid}) {
    for (const Training& training : trainings()) {
      const Plan plan = make_plan(training, sharding, gpu.host->size(), 1);
      SCOPED_TRACE(testing::Message() << "sharding " << static_cast<int>(sharding) << ", "
                                      << to_string(training.optimizer));
      const Outcome found = run_on_device(plan, gpu);
      expect_close(found, own_part(plan, *gpu.host, run_on_threads(on_one_rank(plan))));
      EXPECT_TRUE(found == run_on_device(plan, gpu)) << "differs from run to run";
    }
  }
}

TEST(DeviceEmbeddings, RefuseDataParallelTables) {
  if (report_cuda().devices == 0) GTEST_SKIP() << "skipped: no CUDA device";
  Gpu gpu;
  const Plan plan = make_plan({}, Sharding::data_parallel, gpu.host->size(), 1);
  EXPECT_THROW(DeviceEmbeddings(plan, gpu.comm, {.seed = kSeed}), InputError);
}

TEST(DeviceEmbeddings, RefuseTablesWithoutPooling) {
  if (report_cuda().devices == 0) GTEST_SKIP() << "skipped: no CUDA device";
  Gpu gpu;
  const Plan plan = make_plan({.unpooled = true}, Sharding::table_wise, gpu.host->size(), 1);
  EXPECT_THROW(DeviceEmbeddings(plan, gpu.comm, {.seed = kSeed}), InputError);
}

}  // namespace
}  // namespace shardwright::synthetic
