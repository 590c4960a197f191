#include "runtime/trainer/sharded_model.hpp"

#include "runtime/embedding/shard_floats.hpp"
#include "runtime/trainer/gradient_clip.hpp"
#include "runtime/trainer/visible_phase.hpp"

#include <algorithm>

namespace shardwright {

ShardedModel::ShardedModel(const RankModelSpec& spec, Communicator& comm, bool communication_thread)
    : comm_(comm),
      gradient_clip_norm_(spec.gradient_clip_norm),
      overlap_(spec.overlap),
      embeddings_(spec.plan, comm,
                  {.seed = spec.seed,
                   .optimizer = spec.embedding_optimizer,
                   .wire = spec.wire,
                   .threads = spec.threads,
                   .overlap = spec.overlap,
                   .communication_thread = communication_thread}) {
  if (spec.dense) dense_.emplace(*spec.dense, spec.dense_optimizer, spec.seed);
}

template <class Work>
double ShardedModel::timed(Work work) {
  const double start = comm_.clock_ms();
  work();
  return comm_.clock_ms() - start;
}

void ShardedModel::check_ids(Batch& batch, BadIdPolicy policy) const {
  embeddings_.check_ids(batch, policy);
}

std::span<const ShardedEmbeddings::LocalShard> ShardedModel::local_shards() {
  const std::vector<ShardedEmbeddings::LocalShard>& shards = embeddings_.local_shards();
  const bool all_in_floats = std::all_of(shards.begin(), shards.end(), [](const auto& local) {
    return local.dtype == DataType::fp32;
  });
  if (all_in_floats) return shards;
  in_floats_.clear();
  for (const ShardedEmbeddings::LocalShard& local : shards) {
    in_floats_.push_back({local.shard, weights_in_floats(local), local.state});
  }
  return in_floats_;
}

void ShardedModel::start_look_up(const Batch& batch) {
  pooled_.resize(static_cast<std::size_t>(batch.size * embeddings_.pooled_columns()));
  vectors_.resize(num_vector_values(embeddings_.unpooled_features(), batch));
  embeddings_.start_forward(batch, pooled_, vectors_);
}

void ShardedModel::finish_look_up(const Batch& batch) {
  embeddings_.finish_forward();
  jagged_ = jagged_vectors(embeddings_.unpooled_features(), batch, vectors_);
}

/// Where messages move on that travel beside the dense part.
std::function<void()> ShardedModel::between_layers() {
  if (!overlap_) return {};
  return [this] { embeddings_.advance(); };
}

void ShardedModel::start_dense(const Batch& batch, StepReport& report) {
  if (!trains_dense()) return;
  report.ms(StepPhase::dense) +=
      timed([&] { dense_->start(batch.dense, batch.labels.size(), between_layers()); });
}

/// Returns the sum of the samples' losses.
double ShardedModel::find_gradients(const Batch& batch) {
  if (!dense_) {
    keep_gradients(batch.global_size);
    return 0;
  }
  pooled_gradient_.resize(pooled_.size());
  vector_gradient_.resize(vectors_.size());
  if (!trains_dense()) return 0;
  return dense_->find_gradients(pooled_, batch.labels, batch.global_size, pooled_gradient_, jagged_,
                                vector_gradient_);
}

/// To make gradients is no part of the embeddings' step: it takes those of the step before.
void ShardedModel::keep_gradients(std::int64_t global_size) {
  const float share = 1.0F / static_cast<float>(global_size);
  const auto keep = [share](const auto& values, auto& gradients) {
    if (gradients.size() == values.size()) return;
    gradients.resize(values.size());
    std::transform(values.begin(), values.end(), gradients.begin(),
                   [share](float value) { return share * value; });
  };
  keep(pooled_, pooled_gradient_);
  keep(vectors_, vector_gradient_);
}

void ShardedModel::finish_dense(StepReport& report) {
  if (!trains_dense()) return;
  report.ms(StepPhase::dense) += timed([&] { dense_->finish(between_layers()); });
}

/// With overlap, the bottom MLP is computed while pooled values travel.
void ShardedModel::run_forward(const Batch& batch, StepReport& report) {
  show_phase("fwd");
  start_look_up(batch);
  if (overlap_) start_dense(batch, report);
  finish_look_up(batch);
  show_phase("den");
  if (!overlap_) start_dense(batch, report);
  report.ms(StepPhase::dense) += timed([&] { report.loss_sum = find_gradients(batch); });
}

/// With overlap, they leave before the bottom MLP's are known.
void ShardedModel::send_gradients(StepReport& report) {
  if (!overlap_) finish_dense(report);
  show_phase("bwd");
  embeddings_.start_gradients(pooled_gradient_, vector_gradient_);
  if (overlap_) finish_dense(report);
}

StepReport ShardedModel::train(const Batch& batch, const LearningRates& rates) {
  StepReport report;
  run_forward(batch, report);
  send_gradients(report);
  bring_gradients(report);
  const float scale = gradient_clip_norm_ > 0 ? find_scale(report) : 1;
  show_phase("bwd");
  embeddings_.update(static_cast<float>(rates.embeddings), scale);
  if (gradient_clip_norm_ == 0) finish_reduction(report);
  add_phases(embeddings_.phases(), report);
  update_dense(rates.dense, scale, report);
  return report;
}

/// With overlap, the dense gradients travel while the embeddings' are exchanged.
void ShardedModel::bring_gradients(StepReport& report) {
  if (overlap_) during_reduction(report, [&] { dense_sums_.start(comm_, dense_->gradients()); });
  embeddings_.finish_gradients();
  if (overlap_) during_reduction(report, [&] { dense_sums_.send_sums(comm_); });
}

/// After which the dense gradients are those of all ranks. With overlap, their sums have travelled
/// since bring_gradients(), while rows were updated or their gradients' squares summed.
void ShardedModel::finish_reduction(StepReport& report) {
  show_phase("red");
  during_reduction(report, [&] {
    if (overlap_) {
      dense_sums_.finish();
    } else {
      dense_sums_.run(comm_, dense_->gradients());
    }
  });
}

/// Before any weight moves: of all gradients.
float ShardedModel::find_scale(StepReport& report) {
  const double own = embeddings_.gradient_square_sum();
  finish_reduction(report);
  const std::int64_t sent_before = comm_.traffic().bytes_sent;
  report.ms(StepPhase::dense_all_reduce) += timed([&] {
    report.gradient_norm =
        global_gradient_norm(comm_, own, dense_ ? dense_->gradients() : std::span<const float>());
  });
  report.bytes(StepTraffic::dense) += comm_.traffic().bytes_sent - sent_before;
  return clip_scale(report.gradient_norm, gradient_clip_norm_);
}

/// A part of the sum of dense gradients over the ranks, if there are any.
template <class Work>
void ShardedModel::during_reduction(StepReport& report, Work work) {
  if (!dense_ || left_out_ == StepPhase::dense_all_reduce) return;
  const std::int64_t sent_before = comm_.traffic().bytes_sent;
  report.ms(StepPhase::dense_all_reduce) += timed(work);
  report.bytes(StepTraffic::dense) += comm_.traffic().bytes_sent - sent_before;
}

void ShardedModel::update_dense(double learning_rate, float scale, StepReport& report) {
  if (!dense_ || left_out_ == StepPhase::dense_update) return;
  report.ms(StepPhase::dense_update) =
      timed([&] { dense_->apply_gradients(learning_rate, scale); });
}

void ShardedModel::leave_out(std::optional<StepPhase> phase) {
  embeddings_.leave_out(phase);
  left_out_ = phase;
}

void ShardedModel::restore(const SavedState& saved) {
  embeddings_.restore(saved.updates, saved.load_shard);
  if (dense_) dense_->restore(saved.updates, saved.load_dense);
}

std::span<const float> ShardedModel::predict(const Batch& batch) {
  start_look_up(batch);
  finish_look_up(batch);
  probabilities_.resize(static_cast<std::size_t>(batch.size));
  dense_->predict(batch.dense, pooled_, probabilities_, jagged_);
  return probabilities_;
}

}  // namespace shardwright
