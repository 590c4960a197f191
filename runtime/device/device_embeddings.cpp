#include "runtime/device/device_embeddings.hpp"

#include "costmodel/errors.hpp"
#include "runtime/device/device_pooled_exchange.hpp"
#include "runtime/device/device_tables.hpp"
#include "runtime/embedding/id_check.hpp"
#include "runtime/embedding/supported_plan.hpp"
#include "runtime/exchange/input_exchange.hpp"
#include "runtime/exchange/layout.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

namespace shardwright {
namespace {

void require_owners(const Plan& plan) {
  for (const Shard& shard : plan.shards) {
    if (shard.rank) continue;
    throw InputError(
        fmt::format("Table '{}' is data_parallel, which --device cuda does not train: leave that "
                    "type out of `shardwright plan --types`.",
                    plan.workload.table(shard.table).name));
  }
}

void require_pooling(const Plan& plan) {
  for (const Table& table : plan.workload.tables) {
    if (table.mode != PoolingMode::none) continue;
    throw InputError(
        fmt::format("Table '{}' has no pooling (mode none), which --device cuda does not train: "
                    "use sum or mean, or train with --device cpu.",
                    table.name));
  }
}

void require_pooled_values(const Plan& plan) {
  if (plan.unique_rows.empty()) return;
  throw InputError(fmt::format(
      "Table '{}' is exchanged as distinct rows, which --device cuda does not do: leave "
      "it out of the plan's unique_rows.",
      plan.workload.table(plan.unique_rows.front()).name));
}

Plan accepted(const Plan& plan, std::int64_t ranks) {
  require_supported(plan, ranks);
  require_owners(plan);
  require_pooling(plan);
  require_pooled_values(plan);
  return plan;
}

}  // namespace

struct DeviceEmbeddings::State {
  State(const Plan& plan, DeviceCommunicator& communicator, const EmbeddingOptions& chosen)
      : comm(communicator),
        options(chosen),
        workload(accepted(plan, communicator.size()).workload),
        layout(make_layout(plan)),
        exchange(layout, workload, comm),
        tables(layout, workload, options.optimizer, comm.rank(), options.seed, comm.stream()) {}

  std::int64_t bytes_sent() const {
    return comm.host().traffic().bytes_sent + comm.traffic().bytes_sent;
  }
  void update(const StepSize& step, PhaseTimer& timer);

  DeviceCommunicator& comm;
  EmbeddingOptions options;
  Workload workload;
  ExchangeLayout layout;
  InputExchange input;
  DevicePooledExchange exchange;
  DeviceTables tables;
  EmbeddingPhases phases;
  std::int64_t updates = 0;
  bool has_forward = false;
};

DeviceEmbeddings::DeviceEmbeddings(const Plan& plan, DeviceCommunicator& comm,
                                   const EmbeddingOptions& options)
    : state_(std::make_unique<State>(plan, comm, options)) {}

DeviceEmbeddings::~DeviceEmbeddings() = default;

std::int64_t DeviceEmbeddings::pooled_columns() const { return state_->layout.pooled_columns; }

const EmbeddingPhases& DeviceEmbeddings::phases() const { return state_->phases; }

void DeviceEmbeddings::check_ids(Batch& batch, BadIdPolicy policy) const {
  check_batch_ids(state_->layout, state_->workload, state_->comm.rank(), policy, batch);
}

void DeviceEmbeddings::forward(const Batch& batch, float* pooled, PhaseTimer& timer) {
  State& s = *state_;
  s.phases = {};
  s.comm.set_step(s.updates);
  const std::int64_t start = s.bytes_sent();
  timer.time("input_exchange", s.phases.input_exchange_ms, [&] {
    s.exchange.start(batch);
    s.input.run(s.comm.host(), s.layout, batch);
  });
  const std::int64_t input_sent = s.bytes_sent();
  timer.time("lookup", s.phases.lookup_ms, [&] { s.tables.look_up(s.input); });
  timer.time("output_exchange", s.phases.output_exchange_ms, [&] {
    s.exchange.bring_pooled(s.input.sources(), s.tables.matrix(), pooled);
    if (s.comm.size() > 1) s.comm.wait();  // here, where the wait for other ranks has its limit
  });
  s.phases.input_bytes = input_sent - start;
  s.phases.output_bytes = s.bytes_sent() - input_sent;
  s.has_forward = true;
}

void DeviceEmbeddings::backward(const float* pooled_gradient, float learning_rate,
                                PhaseTimer& timer) {
  State& s = *state_;
  if (!std::exchange(s.has_forward, false)) {
    throw std::logic_error("backward() needs a forward() before it.");
  }
  const std::int64_t start = s.bytes_sent();
  timer.time("gradient_exchange", s.phases.gradient_exchange_ms, [&] {
    s.exchange.bring_gradients(s.input.sources(), pooled_gradient, s.tables.matrix());
  });
  timer.time("update", s.phases.update_ms, [&] { s.tables.group_rows(); });
  s.update({learning_rate, 1.0F, ++s.updates}, timer);
  s.phases.gradient_bytes = s.bytes_sent() - start;
}

void DeviceEmbeddings::State::update(const StepSize& step, PhaseTimer& timer) {
  if (tables.shares_squares()) {
    timer.time("update", phases.update_ms, [&] { tables.sum_row_squares(step); });
    timer.time("gradient_exchange", phases.gradient_exchange_ms, [&] {
      comm.wait();  // exchange_squares() would wait for the gradients without a limit
      tables.exchange_squares(comm.host());
    });
  }
  timer.time("update", phases.update_ms, [&] { tables.update(step); });
}

EmbeddingTraffic DeviceEmbeddings::traffic() const {
  const State& s = *state_;
  return embedding_traffic(s.layout, s.workload, s.options.optimizer, s.comm.rank(), s.input);
}

std::vector<ShardedEmbeddings::LocalShard> DeviceEmbeddings::download() const {
  return state_->tables.download();
}

void DeviceEmbeddings::restore(std::int64_t updates,
                               const std::function<void(ShardedEmbeddings::LocalShard&)>& load) {
  state_->tables.restore(load);
  state_->updates = updates;
}

}  // namespace shardwright
