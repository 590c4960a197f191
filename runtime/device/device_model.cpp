#include "runtime/device/device_model.hpp"

#include "runtime/comm/collectives.hpp"
#include "runtime/device/device_communicator.hpp"
#include "runtime/device/device_embeddings.hpp"
#include "runtime/device/device_facts.hpp"
#include "runtime/device/device_memory.hpp"
#include "runtime/device/device_sums.hpp"
#include "runtime/device/phase_timer.hpp"
#include "runtime/device/rank_gpu.hpp"
#include "runtime/model/libtorch_stream.hpp"

#include <algorithm>
#include <utility>

namespace shardwright {
namespace {

/// A rank's GPU, with the one stream that all work goes into, and its links to the other ranks'.
struct DeviceRank {
  DeviceRank(Communicator& host, bool shared) : comm(host, stream.get(), shared) {}
  OwnedStream stream;
  DeviceCommunicator comm;
};

class DeviceModel final : public RankModel {
 public:
  DeviceModel(std::unique_ptr<DeviceRank> gpu, const RankModelSpec& spec)
      : gpu_(std::move(gpu)),
        bytes_before_(device_bytes_in_use()),
        embeddings_(spec.plan, gpu_->comm,
                    {.seed = spec.seed, .optimizer = spec.embedding_optimizer}) {
    use_stream_in_libtorch(stream());
    if (spec.dense) {
      dense_.emplace(*spec.dense, spec.dense_optimizer, spec.seed, Backend::cuda);
    }
  }

  void check_ids(Batch& batch, BadIdPolicy policy) const override {
    embeddings_.check_ids(batch, policy);
  }

  StepReport train(const Batch& batch, const LearningRates& rates) override {
    StepReport report;
    timer_.start();
    embeddings_.forward(batch, pooled(batch).data(), timer_);
    timer_.time("dense", report.ms(StepPhase::dense),
                [&] { report.loss_sum = find_gradient(batch); });
    embeddings_.backward(gradient_.data(), static_cast<float>(rates.embeddings), timer_);
    if (dense_) train_dense(rates.dense, report);
    gpu_->comm.wait();
    timer_.finish();
    add_phases(embeddings_.phases(), report);
    return report;
  }

  std::span<const float> predict(const Batch& batch) override {
    timer_.start();
    embeddings_.forward(batch, pooled(batch).data(), timer_);
    probabilities_.resize(static_cast<std::size_t>(batch.size));
    dense_->predict(batch.dense, pooled_values(), probabilities_);
    gpu_->comm.wait();
    return probabilities_;
  }

  std::span<const ShardedEmbeddings::LocalShard> local_shards() override {
    shards_ = embeddings_.download();
    return shards_;
  }

  void restore(const SavedState& saved) override {
    embeddings_.restore(saved.updates, saved.load_shard);
    if (dense_) dense_->restore(saved.updates, saved.load_dense);
  }

  const DenseModel& dense() const override { return dense_.value(); }

  std::int64_t peak_device_bytes() override {
    return device_bytes_in_use() - bytes_before_;  // what a step has needed stays with the process
  }

  std::optional<DeviceFigures> device_figures() override {
    DeviceFigures figures;
    const EmbeddingTraffic traffic = embeddings_.traffic();
    figures.lookup_bytes = traffic.lookup_bytes;
    figures.update_bytes = traffic.update_bytes;
    figures.ids = traffic.ids;
    figures.unique_rows = traffic.unique_rows;
    figures.copy_gb_per_s = device_copy_gb_per_s(stream());
    return figures;
  }

 private:
  DeviceStream stream() const { return gpu_->stream.get(); }
  std::span<float> pooled_values() const { return {pooled_.data(), pooled_.size()}; }

  std::span<float> pooled(const Batch& batch) {
    pooled_.resize(static_cast<std::size_t>(batch.size * embeddings_.pooled_columns()));
    return pooled_values();
  }

  /// Returns the sum of the samples' losses, for which it waits.
  double find_gradient(const Batch& batch) {
    const bool keeps = !dense_ && gradient_.size() == pooled_.size();  // RankModelSpec
    if (keeps) return 0;
    gradient_.resize(pooled_.size());
    if (dense_) {
      return dense_->forward_backward(batch.dense, pooled_values(), batch.labels, batch.global_size,
                                      {gradient_.data(), gradient_.size()});
    }
    const float share = 1.0F / static_cast<float>(std::max<std::int64_t>(batch.global_size, 1));
    scale_values(pooled_.data(), share, pooled_.size(), gradient_.data(), stream());
    return 0;
  }

  void train_dense(double learning_rate, StepReport& report) {
    const std::int64_t sent_before = gpu_->comm.traffic().bytes_sent;
    timer_.time("dense_all_reduce", report.ms(StepPhase::dense_all_reduce),
                [&] { all_reduce_.run(dense_->gradients()); });
    report.bytes(StepTraffic::dense) = gpu_->comm.traffic().bytes_sent - sent_before;
    timer_.time("dense_update", report.ms(StepPhase::dense_update),
                [&] { dense_->apply_gradients(learning_rate); });
  }

  std::unique_ptr<DeviceRank> gpu_;
  std::int64_t bytes_before_;
  DeviceEmbeddings embeddings_;
  std::optional<DenseModel> dense_;
  PhaseTimer timer_{stream()};
  DeviceAllReduce all_reduce_{gpu_->comm};
  DeviceArray<float> pooled_{stream(), "pooled values"};
  DeviceArray<float> gradient_{stream(), "gradients of pooled values"};
  std::vector<float> probabilities_;
  std::vector<ShardedEmbeddings::LocalShard> shards_;
};

}  // namespace

std::unique_ptr<RankModel> make_device_model(Communicator& comm, const RankModelSpec& spec,
                                             bool allow_shared_gpu) {
  take_gpu(comm, allow_shared_gpu);
  auto gpu = std::make_unique<DeviceRank>(comm, allow_shared_gpu);
  std::unique_ptr<RankModel> model;
  run_together(comm, [&] { model = std::make_unique<DeviceModel>(std::move(gpu), spec); });
  return model;
}

}  // namespace shardwright
