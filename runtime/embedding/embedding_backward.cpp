#include "runtime/embedding/embeddings_state.hpp"

#include <stdexcept>
#include <utility>

namespace shardwright {

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

void ShardedEmbeddings::start_gradients(std::span<const float> pooled_gradient,
                                        std::span<const float> vector_gradient) {
  State& s = *state_;
  const OutputGradients of_outputs{pooled_gradient, vector_gradient};
  s.require_forward(of_outputs);
  s.of_outputs = of_outputs;
  s.sent_gradients = {s.split_means.gradients_of_sums(pooled_gradient), vector_gradient};
  s.during(StepPhase::gradient_exchange, s.phases.gradient_bytes, [&] { s.send_gradients(); });
  s.sum_and_send_row_gradients(pooled_gradient);
}

/// With overlap, ranks sort the ids of their rows while the gradients are on their way, their sums
/// for tables that every rank has among them.
void ShardedEmbeddings::finish_gradients() {
  State& s = *state_;
  if (!s.of_outputs) {
    throw std::logic_error("finish_gradients() needs a start_gradients() before it.");
  }
  const OutputGradients of_outputs = *std::exchange(s.of_outputs, std::nullopt);
  const auto group = [&] {
    s.sum_replicas(of_outputs);
    s.during(StepPhase::update, [&] { s.owned.group_rows(s.input.current()); });
  };
  if (s.options.overlap) group();
  s.during(StepPhase::gradient_exchange, s.phases.gradient_bytes,
           [&] { s.finish_exchange_of_gradients(); });
  if (!s.options.overlap) group();
  s.during(StepPhase::gradient_exchange, s.phases.gradient_bytes,
           [&] { s.replicated.pass_sums_on(s.comm); });
  if (!s.options.overlap) s.finish_replicas();
}

/// And sends them to where those of all ranks are added up.
void ShardedEmbeddings::State::sum_replicas(const OutputGradients& gradients) {
  if (replicated.empty()) return;
  during(StepPhase::update, [&] { replicated.sum_gradients(own_vectors, gradients); });
  during(StepPhase::gradient_exchange, phases.gradient_bytes,
         [&] { replicated.start_reduce(comm); });
}

/// With overlap, the sums of all ranks travel while the rank's own rows are updated.
void ShardedEmbeddings::State::finish_replicas() {
  during(StepPhase::gradient_exchange, [&] { replicated.finish_reduce(); });
}

void ShardedEmbeddings::bring_gradients(std::span<const float> pooled_gradient,
                                        std::span<const float> vector_gradient) {
  start_gradients(pooled_gradient, vector_gradient);
  finish_gradients();
}

void ShardedEmbeddings::State::send_gradients() {
  for (std::size_t round = 0; round < pooled_exchange.rounds(sources().size()); ++round) {
    pooled_exchange.start_gradients(comm, layout, sources(), sent_gradients, owned.matrix(), round);
  }
  node_sums.start_gradients(comm, sources(), sent_gradients.pooled);
}

void ShardedEmbeddings::State::finish_exchange_of_gradients() {
  node_sums.pass_gradients_on(comm, sent_gradients.pooled, owned.parts());
  pooled_exchange.finish_gradients(layout, sources(), sent_gradients, owned.matrix());
  row_exchange.finish_gradients(owned.rows());
  node_sums.finish_gradients();
}

void ShardedEmbeddings::State::sum_and_send_row_gradients(std::span<const float> pooled_gradient) {
  during(StepPhase::update, [&] { pooled_rows.sum_gradients(unique_ids(), pooled_gradient); });
  during(StepPhase::gradient_exchange, phases.gradient_bytes,
         [&] { row_exchange.start_gradients(comm, owned.rows(), unique_ids(), pooled_rows); });
}

double ShardedEmbeddings::gradient_square_sum() {
  State& s = *state_;
  double sum = 0;
  s.during(StepPhase::update, [&] { sum = s.owned.sum_all_squares(); });
  s.finish_replicas();
  s.during(StepPhase::update, [&] {
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
  s.during(StepPhase::update, [&] { s.owned.update(step); });
  s.finish_replicas();
  s.during(StepPhase::update, [&] { s.replicated.update(step); });
  s.during(StepPhase::input_exchange, [&] { s.input.finish(s.layout); });
}

void ShardedEmbeddings::backward(std::span<const float> pooled_gradient, float learning_rate,
                                 std::span<const float> vector_gradient) {
  bring_gradients(pooled_gradient, vector_gradient);
  update(learning_rate, 1.0F);
}

}  // namespace shardwright
