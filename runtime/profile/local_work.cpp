#include "runtime/profile/local_work.hpp"

#include "planner/plan.hpp"
#include "runtime/data/batch.hpp"
#include "runtime/embedding/line_vector.hpp"
#include "runtime/exchange/input_exchange.hpp"
#include "runtime/exchange/layout.hpp"
#include "runtime/exchange/own_vectors.hpp"
#include "runtime/exchange/pooled_exchange.hpp"
#include "runtime/exchange/row_parts.hpp"
#include "runtime/profile/profiled_tables.hpp"
#include "runtime/profile/solo_communicator.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <stdexcept>
#include <vector>

namespace shardwright {
namespace {

constexpr std::array<std::int64_t, 4> kNoOutputs = {4, 4, 4, 4};  // features whose ids matter
constexpr std::int64_t kMessageBytes = 256;                       // of one sample's ids and lengths

// One rank that has all parts of all tables.
Plan plan_of(std::span<const std::int64_t> dims, std::int64_t parts) {
  Plan plan;
  plan.topology.ranks.resize(1);
  const std::vector<RankId> owners(static_cast<std::size_t>(parts), RankId{0});
  for (const std::int64_t dim : dims) add_profiled_table(plan, dim, owners);
  return plan;
}

// Ids a sample of all features such that it takes kMessageBytes beside a length for each part.
std::int64_t ids_of_sample(std::int64_t parts) {
  const auto features = std::ssize(kNoOutputs);
  return std::max(features, (kMessageBytes - 4 * features * parts) / 8);
}

class IdsWork {
 public:
  IdsWork(std::int64_t bytes, std::int64_t parts)
      : layout_(make_layout(plan_of(kNoOutputs, parts))) {
    const std::int64_t ids = ids_of_sample(parts);
    const std::int64_t bytes_of_sample = 8 * ids + 4 * std::ssize(kNoOutputs) * parts;
    const std::int64_t samples = samples_of(bytes, bytes_of_sample);
    batch_ = profiled_batch(samples, ids, kNoOutputs.size());
    bytes_ = samples * bytes_of_sample;
  }
  std::int64_t bytes() const { return bytes_; }
  void pack() { exchange_.run(comm_, layout_, batch_); }
  void split() { parts_.split(layout_, batch_); }

 private:
  SoloCommunicator comm_{ProfileClock::wall};
  ExchangeLayout layout_;
  Batch batch_;
  InputExchange exchange_;
  RowParts parts_;
  std::int64_t bytes_ = 0;
};

class OutputsWork {
 public:
  OutputsWork(std::int64_t bytes, std::int64_t parts)
      : OutputsWork(bytes, plan_of(kProfiledDims, parts)) {}
  std::int64_t bytes() const { return 4 * std::ssize(owned_); }
  void place() {
    exchange_.start_pooled(comm_, layout_, input_.sources(), owned_, 0);
    exchange_.finish_pooled(layout_, input_.sources(), owned_, {pooled_, {}});
  }
  void pack() {
    const OutputGradients gradients{pooled_, {}};
    exchange_.start_gradients(comm_, layout_, input_.sources(), gradients, owned_, 0);
    exchange_.finish_gradients(layout_, input_.sources(), gradients, owned_);
  }

 private:
  OutputsWork(std::int64_t bytes, const Plan& plan)
      : layout_(make_layout(plan)), vectors_(layout_, plan.workload), exchange_(vectors_) {
    const std::int64_t columns = layout_.owners.front().columns;
    const std::int64_t samples = samples_of(bytes, 4 * columns);
    const Batch batch = profiled_batch(samples, 0, kProfiledDims.size());
    vectors_.remember(batch);
    input_.run(comm_, layout_, batch);
    owned_.resize(static_cast<std::size_t>(samples * columns));
    pooled_.resize(static_cast<std::size_t>(samples * layout_.pooled_columns));
  }

  SoloCommunicator comm_{ProfileClock::wall};
  ExchangeLayout layout_;
  InputExchange input_;
  OwnVectors vectors_;
  PooledExchange exchange_;
  LineVector<float> owned_;
  LineVector<float> pooled_;
};

template <class Work>
LocalWork local_work(std::int64_t bytes, std::int64_t parts, void (Work::*run)()) {
  const auto work = std::make_shared<Work>(bytes, parts);
  return {work->bytes(), [work, run] { ((*work).*run)(); }};
}

}  // namespace

LocalWork make_local_work(CollectiveKind kind, std::int64_t bytes, std::int64_t ranks) {
  switch (kind) {
    case CollectiveKind::pack_ids:
      return local_work(bytes, 1, &IdsWork::pack);
    case CollectiveKind::split_ids:
      return local_work(bytes, ranks, &IdsWork::split);
    case CollectiveKind::place_outputs:
      return local_work(bytes, 1, &OutputsWork::place);
    case CollectiveKind::add_partial_sums:
      return local_work(bytes, ranks, &OutputsWork::place);
    case CollectiveKind::pack_gradients:
      return local_work(bytes, 1, &OutputsWork::pack);
    default:
      throw std::logic_error("A collective is no local work.");
  }
}

}  // namespace shardwright
