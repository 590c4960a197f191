#include "runtime/embedding/embeddings_state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace shardwright {

double& ShardedEmbeddings::State::ms(StepPhase phase) {
  switch (phase) {
    case StepPhase::input_exchange:
      return phases.input_exchange_ms;
    case StepPhase::lookup:
      return phases.lookup_ms;
    case StepPhase::output_exchange:
      return phases.output_exchange_ms;
    case StepPhase::gradient_exchange:
      return phases.gradient_exchange_ms;
    case StepPhase::update:
      return phases.update_ms;
    default:
      throw std::logic_error("The embeddings have no such phase.");
  }
}

/// Runs `work`, which is a part of the phase, and adds the time it took.
template <class Work>
void ShardedEmbeddings::State::during(StepPhase phase, Work work) {
  if (left_out == phase) return;
  const double start = comm.clock_ms();
  work();
  ms(phase) += comm.clock_ms() - start;
}

/// The same, and adds the bytes that it sent.
template <class Work>
void ShardedEmbeddings::State::during(StepPhase phase, std::int64_t& bytes, Work work) {
  const std::int64_t before = comm.traffic().bytes_sent;
  during(phase, work);
  bytes += comm.traffic().bytes_sent - before;
}

void ShardedEmbeddings::State::check_batch(const Batch& batch,
                                           std::span<const float> pooled) const {
  const auto expected = static_cast<std::size_t>(batch.size * layout.pooled_columns);
  if (batch.features.size() != layout.features.size() || pooled.size() != expected) {
    throw std::logic_error(
        fmt::format("A batch of {} features and {} pooled values where the plan "
                    "has {} and {}.",
                    batch.features.size(), pooled.size(), layout.features.size(), expected));
  }
}

/// After the batch's ids were taken.
void ShardedEmbeddings::State::check_vectors(std::span<const float> vectors) const {
  if (vectors.size() == own_vectors.size()) return;
  throw std::logic_error(fmt::format("A batch with {} values of vectors where its ids have {}.",
                                     vectors.size(), own_vectors.size()));
}

void ShardedEmbeddings::State::require_forward(const OutputGradients& gradients) {
  if (!std::exchange(has_forward, false)) {
    throw std::logic_error("backward() needs a forward() before it.");
  }
  const InputSource& own = sources()[comm.rank().index()];
  if (gradients.pooled.size() != static_cast<std::size_t>(own.samples * layout.pooled_columns)) {
    throw std::logic_error("backward() needs the gradients of the batch that forward() had.");
  }
  check_vectors(gradients.vectors);
}

void ShardedEmbeddings::announce(const Batch& next) { state_->input.announce(next); }

void ShardedEmbeddings::leave_out(std::optional<StepPhase> phase) {
  if (state_->sources().empty()) throw std::logic_error("leave_out() needs a step before it.");
  state_->left_out = phase;
}

void ShardedEmbeddings::forward(const Batch& batch, std::span<float> pooled,
                                std::span<float> vectors) {
  State& s = *state_;
  const OutputValues values{pooled, vectors};
  s.check_batch(batch, pooled);
  s.phases = {};
  s.during(StepPhase::input_exchange, [&] { s.take_input(batch); });
  s.check_vectors(vectors);
  s.look_up_and_send(values);
  s.during(StepPhase::output_exchange, [&] {
    s.pooled_exchange.finish_pooled(s.layout, s.sources(), s.owned.matrix(), values);
    s.node_sums.finish_sums(pooled);
    s.split_means.divide(pooled);
  });
  s.pool_rows(pooled);
  s.during(StepPhase::input_exchange, [&] { s.input.send(s.comm, s.layout); });
  s.has_forward = true;
}

/// And lets the next batch's follow.
void ShardedEmbeddings::State::take_input(const Batch& batch) {
  split_means.remember(batch);
  own_vectors.remember(batch);
  replicated.remember(batch);
  input.take(comm, layout, batch);
  phases.input_bytes = input.current().bytes_sent();
  input.start(comm, layout);
}

/// With ranks of the same host, if there are any; once.
void ShardedEmbeddings::State::share_matrix() {
  const bool in_floats =
      options.wire.pooled == DataType::fp32 && options.wire.gradients == DataType::fp32;
  if (!in_floats || std::exchange(knows_ranks_beside, true)) return;
  const std::vector<bool> beside = comm.ranks_beside();
  if (std::find(beside.begin(), beside.end(), true) == beside.end()) return;
  pooled_exchange.exchange_in_place(beside, owned.share_matrix());
}

void ShardedEmbeddings::State::look_up_and_send(const OutputValues& values) {
  share_matrix();
  owned.start(input.current());
  look_up_and_send_rows();
  look_up_and_send_parts();
  if (options.overlap) return look_up_while_sending(values);
  during(StepPhase::lookup, [&] {
    owned.look_up(sources());
    replicated.look_up(own_vectors, values);
  });
  during(StepPhase::output_exchange, phases.output_bytes, [&] {
    pooled_exchange.start_pooled(comm, layout, sources(), owned.matrix(), 0);
    node_sums.pass_sums_on(comm);
  });
}

/// The values for each rank leave as soon as they are there; the rank's own come last.
void ShardedEmbeddings::State::look_up_while_sending(const OutputValues& values) {
  const std::size_t self = comm.rank().index();
  const std::size_t ranks = sources().size();
  for (std::size_t round = 0; round < pooled_exchange.rounds(ranks); ++round) {
    during(StepPhase::lookup, [&] {
      for (const std::size_t peer : pooled_exchange.receivers(self, ranks, round)) {
        owned.look_up(sources().subspan(peer, 1));
      }
    });
    during(StepPhase::output_exchange, phases.output_bytes,
           [&] { pooled_exchange.start_pooled(comm, layout, sources(), owned.matrix(), round); });
  }
  during(StepPhase::output_exchange, phases.output_bytes, [&] { node_sums.pass_sums_on(comm); });
  during(StepPhase::lookup, [&] {
    owned.look_up(sources().subspan(self, 1));
    replicated.look_up(own_vectors, values);
  });
}

/// They travel while pooled values are looked up.
void ShardedEmbeddings::State::look_up_and_send_rows() {
  pooled_rows.start(unique_ids());
  during(StepPhase::lookup, [&] { owned.look_up_rows(); });
  during(StepPhase::output_exchange, phases.output_bytes,
         [&] { row_exchange.start_rows(comm, owned.rows(), unique_ids()); });
}

/// They travel within the node while the rest is looked up.
void ShardedEmbeddings::State::look_up_and_send_parts() {
  during(StepPhase::lookup, [&] { owned.look_up_parts(); });
  during(StepPhase::output_exchange, phases.output_bytes,
         [&] { node_sums.start_sums(comm, sources(), owned.parts()); });
}

void ShardedEmbeddings::State::pool_rows(std::span<float> pooled) {
  during(StepPhase::output_exchange, [&] { row_exchange.finish_rows(unique_ids(), pooled_rows); });
  during(StepPhase::lookup, [&] { pooled_rows.pool(unique_ids(), pooled); });
}

/// With overlap, ranks sort the ids of their rows while the gradients are on their way.
void ShardedEmbeddings::bring_gradients(std::span<const float> pooled_gradient,
                                        std::span<const float> vector_gradient) {
  State& s = *state_;
  const OutputGradients of_outputs{pooled_gradient, vector_gradient};
  s.require_forward(of_outputs);
  const OutputGradients gradients{s.split_means.gradients_of_sums(pooled_gradient),
                                  vector_gradient};
  s.during(StepPhase::gradient_exchange, s.phases.gradient_bytes,
           [&] { s.send_gradients(gradients); });
  s.sum_and_send_row_gradients(pooled_gradient);
  const auto group = [&] {
    s.owned.group_rows(s.input.current());
    s.replicated.sum_gradients(s.own_vectors, of_outputs);
  };
  if (s.options.overlap) s.during(StepPhase::update, group);
  s.during(StepPhase::gradient_exchange, s.phases.gradient_bytes, [&] {
    s.node_sums.pass_gradients_on(s.comm, gradients.pooled, s.owned.parts());
    s.pooled_exchange.finish_gradients(s.layout, s.sources(), gradients, s.owned.matrix());
    s.row_exchange.finish_gradients(s.owned.rows());
    s.node_sums.finish_gradients();
  });
  if (!s.options.overlap) s.during(StepPhase::update, group);
  if (s.replicated.empty()) return;
  s.during(StepPhase::gradient_exchange, s.phases.gradient_bytes,
           [&] { s.replicated.reduce(s.comm); });
}

void ShardedEmbeddings::State::send_gradients(const OutputGradients& gradients) {
  for (std::size_t round = 0; round < pooled_exchange.rounds(sources().size()); ++round) {
    pooled_exchange.start_gradients(comm, layout, sources(), gradients, owned.matrix(), round);
  }
  node_sums.start_gradients(comm, sources(), gradients.pooled);
}

void ShardedEmbeddings::State::sum_and_send_row_gradients(std::span<const float> pooled_gradient) {
  during(StepPhase::update, [&] { pooled_rows.sum_gradients(unique_ids(), pooled_gradient); });
  during(StepPhase::gradient_exchange, phases.gradient_bytes,
         [&] { row_exchange.start_gradients(comm, owned.rows(), unique_ids(), pooled_rows); });
}

void ShardedEmbeddings::State::advance() {
  pooled_exchange.advance();
  row_exchange.advance();
  node_sums.advance();
  input.advance();
}

double ShardedEmbeddings::gradient_square_sum() {
  State& s = *state_;
  double sum = 0;
  s.during(StepPhase::update, [&] {
    sum = s.owned.sum_all_squares();
    if (s.comm.rank() == RankId{0}) sum += s.replicated.sum_all_squares();
  });
  return sum;
}

void ShardedEmbeddings::update(float learning_rate, float gradient_scale) {
  State& s = *state_;
  const StepSize step{learning_rate, gradient_scale, ++s.updates};
  if (s.owned.shares_squares()) {
    s.during(StepPhase::update, [&] { s.owned.sum_row_squares(step); });
    s.during(StepPhase::gradient_exchange, s.phases.gradient_bytes,
             [&] { s.owned.exchange_squares(s.comm); });
  }
  s.during(StepPhase::update, [&] {
    s.owned.update(step);
    s.replicated.update(step);
  });
  s.during(StepPhase::input_exchange, [&] { s.input.finish(s.layout); });
}

void ShardedEmbeddings::backward(std::span<const float> pooled_gradient, float learning_rate,
                                 std::span<const float> vector_gradient) {
  bring_gradients(pooled_gradient, vector_gradient);
  update(learning_rate, 1.0F);
}

}  // namespace shardwright
