#include "runtime/profile/in_place_work.hpp"

#include "runtime/data/batch.hpp"
#include "runtime/profile/profiled_tables.hpp"
#include "runtime/trainer/gather.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace shardwright {
namespace {

Plan plan_of(std::int64_t ranks, bool in_parts) {
  Plan plan;
  plan.topology.ranks.resize(static_cast<std::size_t>(ranks));
  std::vector<RankId> all;
  for (std::int64_t rank = 0; rank < ranks; ++rank) all.emplace_back(rank);
  const std::size_t owners = in_parts ? all.size() : 1;  // of a table
  for (std::size_t first = 0; first < all.size(); first += owners) {
    for (const std::int64_t dim : kProfiledDims) {
      add_profiled_table(plan, dim, std::span(all).subspan(first, owners));
    }
  }
  return plan;
}

}  // namespace

bool can_exchange_in_place(Communicator& comm) {
  const std::vector<bool> beside = comm.ranks_beside();
  const std::int64_t others = std::count(beside.begin(), beside.end(), true);
  const std::vector<std::int64_t> all = gather(comm, others);
  return *std::min_element(all.begin(), all.end()) == comm.size() - 1;
}

InPlaceWork::InPlaceWork(Communicator& comm, CollectiveKind kind, std::int64_t bytes)
    : InPlaceWork(comm, kind, bytes, plan_of(comm.size(), kind == CollectiveKind::sums_in_place)) {}

InPlaceWork::InPlaceWork(Communicator& comm, CollectiveKind kind, std::int64_t bytes,
                         const Plan& plan)
    : comm_(comm),
      kind_(kind),
      layout_(make_layout(plan)),
      vectors_(layout_, plan.workload),
      exchange_(vectors_) {
  const std::int64_t bytes_of_sample = 4 * layout_.owners.front().columns * comm_.size();
  make_room(samples_of(bytes, bytes_of_sample), plan.workload.tables.size());
  exchange_.exchange_in_place(comm_.ranks_beside(), matrix_);
  look_up();
  exchange_values();  // which says where the matrices are
}

void InPlaceWork::make_room(std::int64_t samples, std::size_t features) {
  const std::int64_t of_all = samples * comm_.size();
  Batch batch = profiled_batch(samples, 0, features);
  batch.first_sample = samples * comm_.rank().value();
  batch.global_size = of_all;
  vectors_.remember(batch);
  input_.run(comm_, layout_, batch);
  matrix_.resize(static_cast<std::size_t>(of_all * layout_.owners.front().columns));
  pooled_.resize(static_cast<std::size_t>(samples * layout_.pooled_columns));
}

void InPlaceWork::look_up() {
  const std::span<float> owned = matrix_.values();
  comm_.barrier();
  std::fill(owned.begin(), owned.end(), 1.0F);
}

void InPlaceWork::run() {
  if (kind_ == CollectiveKind::gradients_in_place) {
    exchange_gradients();
  } else {
    exchange_values();
  }
}

void InPlaceWork::exchange_values() {
  const std::span<float> owned = matrix_.values();
  exchange_.start_pooled(comm_, layout_, input_.sources(), owned, 0);
  exchange_.finish_pooled(layout_, input_.sources(), owned, {pooled_, {}});
}

void InPlaceWork::exchange_gradients() {
  const std::span<float> owned = matrix_.values();
  const OutputGradients gradients{pooled_, {}};
  exchange_.start_gradients(comm_, layout_, input_.sources(), gradients, owned, 0);
  exchange_.finish_gradients(layout_, input_.sources(), gradients, owned);
}

}  // namespace shardwright
