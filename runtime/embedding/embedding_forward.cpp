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

void ShardedEmbeddings::announce(const Batch& next) { state_->input.announce(next); }

void ShardedEmbeddings::leave_out(std::optional<StepPhase> phase) {
  if (state_->sources().empty()) throw std::logic_error("leave_out() needs a step before it.");
  state_->left_out = phase;
}

void ShardedEmbeddings::start_forward(const Batch& batch, std::span<float> pooled,
                                      std::span<float> vectors) {
  State& s = *state_;
  s.check_batch(batch, pooled);
  s.phases = {};
  s.during(StepPhase::input_exchange, [&] { s.take_input(batch); });
  s.check_vectors(vectors);
  s.awaited = OutputValues{pooled, vectors};
  s.look_up_and_send(*s.awaited);
}

void ShardedEmbeddings::finish_forward() {
  State& s = *state_;
  if (!s.awaited) throw std::logic_error("finish_forward() needs a start_forward() before it.");
  const OutputValues values = *std::exchange(s.awaited, std::nullopt);
  s.during(StepPhase::output_exchange, [&] {
    s.pooled_exchange.finish_pooled(s.layout, s.sources(), s.owned.matrix(), values);
    s.node_sums.finish_sums(values.pooled);
    s.split_means.divide(values.pooled);
  });
  s.pool_rows(values.pooled);
  s.during(StepPhase::input_exchange, [&] { s.input.send(s.comm, s.layout); });
  s.has_forward = true;
}

void ShardedEmbeddings::forward(const Batch& batch, std::span<float> pooled,
                                std::span<float> vectors) {
  start_forward(batch, pooled, vectors);
  finish_forward();
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

void ShardedEmbeddings::State::advance() {
  pooled_exchange.advance();
  row_exchange.advance();
  node_sums.advance();
  replicated.advance();
  input.advance();
}

void ShardedEmbeddings::advance() { state_->advance(); }

}  // namespace shardwright
