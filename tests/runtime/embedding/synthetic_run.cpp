#include "tests/runtime/embedding/synthetic_run.hpp"

#include "runtime/comm/thread_communicator.hpp"
#include "runtime/embedding/number_format.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <numeric>
#include <random>
#include <utility>

namespace shardwright::synthetic {
namespace {

std::uint64_t hash(std::int64_t a, std::int64_t b, std::int64_t c, std::int64_t d) {
  std::uint64_t h = 0x243f6a8885a308d3;
  for (const std::int64_t part : {a, b, c, d}) {
    h = (h ^ static_cast<std::uint64_t>(part)) * 0x9e3779b97f4a7c15;
    h ^= h >> 29;
  }
  return h;
}

std::int64_t below(std::uint64_t hash, std::int64_t bound) {
  return static_cast<std::int64_t>(hash % static_cast<std::uint64_t>(bound));
}

/// In [-1, 1), with all the bits that a float has.
float unit(std::uint64_t hash) {
  return static_cast<float>(static_cast<std::int32_t>(hash >> 40)) * 0x1p-23F - 1.0F;
}

Table make_table(const char* name, std::int64_t rows, std::int64_t dim,
                 std::vector<std::string> features, const Training& training) {
  Table table;
  table.name = name;
  table.rows = rows;
  table.dim = dim;
  table.features = std::move(features);
  table.mode = training.mode;
  table.weighted = training.weighted;
  table.optimizer = training.optimizer;
  table.dtype = training.dtype;
  return table;
}

using Random = std::mt19937_64;

RankId random_rank(std::int64_t ranks, Random& random) { return RankId{below(random(), ranks)}; }

struct Range {
  std::int64_t begin = 0, end = 0;
};

/// At most so many parts of [0, size), of random widths that are multiples of `step`.
std::vector<Range> cut(std::int64_t size, std::int64_t most, std::int64_t step, Random& random) {
  std::vector<Range> parts;
  for (std::int64_t begin = 0; begin < size;) {
    const std::int64_t left = (size - begin) / step;
    const bool last = std::ssize(parts) + 1 == most;
    parts.push_back({begin, begin + step * (last ? left : 1 + below(random(), left))});
    begin = parts.back().end;
  }
  return parts;
}

constexpr std::int64_t kRanksPerNode = 2;

/// Two, but the last node may have one.
std::vector<RankId> ranks_of_random_node(std::int64_t ranks, Random& random) {
  const std::int64_t nodes = (ranks + kRanksPerNode - 1) / kRanksPerNode;
  const std::int64_t first = kRanksPerNode * below(random(), nodes);
  std::vector<RankId> members = {RankId{first}};
  if (first + 1 < ranks) members.emplace_back(first + 1);
  return members;
}

/// Rows of some columns over the ranks of a node.
void add_node_rows(Plan& plan, const Shard& whole, ShardingType type, Random& random) {
  const std::vector<RankId> members = ranks_of_random_node(plan.topology.size(), random);
  const auto parts = cut(whole.rows(), std::ssize(members), 1, random);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    Shard shard = whole;
    shard.type = type;
    shard.row_begin = parts[i].begin;
    shard.row_end = parts[i].end;
    shard.rank = members[i];
    plan.shards.push_back(shard);
  }
}

std::vector<Shard> column_shards(const Shard& whole, ShardingType type, Random& random) {
  std::vector<Shard> shards;
  for (const Range& part : cut(whole.columns(), 6, 4, random)) {
    Shard& shard = shards.emplace_back(whole);
    shard.type = type;
    shard.col_begin = part.begin;
    shard.col_end = part.end;
  }
  return shards;
}

void add_row_shards(Plan& plan, const Shard& whole, Random& random) {
  for (const Range& part : cut(whole.rows(), 5, 1, random)) {
    Shard& shard = plan.shards.emplace_back(whole);
    shard.row_begin = part.begin;
    shard.row_end = part.end;
    shard.type = ShardingType::row_wise;
    shard.rank = random_rank(plan.topology.size(), random);
  }
}

void add_shards(Plan& plan, std::size_t t, ShardingType type, Random& random) {
  const Table& table = plan.workload.tables[t];
  const std::int64_t ranks = plan.topology.size();
  const Shard whole{.table = TableId::of(t),
                    .type = type,
                    .row_end = table.rows,
                    .col_end = table.dim,
                    .rank = {}};
  switch (type) {
    case ShardingType::table_wise:
      plan.shards.push_back(whole);
      plan.shards.back().rank = random_rank(ranks, random);
      return;
    case ShardingType::data_parallel:
      return plan.shards.push_back(whole);
    case ShardingType::row_wise:
      return add_row_shards(plan, whole, random);
    case ShardingType::table_row_wise:
      return add_node_rows(plan, whole, type, random);
    case ShardingType::grid:
      for (const Shard& columns : column_shards(whole, type, random)) {
        add_node_rows(plan, columns, type, random);
      }
      return;
    case ShardingType::column_wise:
    case ShardingType::table_column_wise: {
      const auto members = ranks_of_random_node(ranks, random);
      for (Shard& shard : column_shards(whole, type, random)) {
        shard.rank = type == ShardingType::column_wise
                         ? random_rank(ranks, random)
                         : members[static_cast<std::size_t>(below(random(), std::ssize(members)))];
        plan.shards.push_back(shard);
      }
      return;
    }
  }
}

ShardingType type_of(Sharding sharding, std::size_t t, Random& random) {
  constexpr std::array kEvery = {ShardingType::table_wise,        ShardingType::column_wise,
                                 ShardingType::row_wise,          ShardingType::table_row_wise,
                                 ShardingType::table_column_wise, ShardingType::grid,
                                 ShardingType::data_parallel};
  switch (sharding) {
    case Sharding::table_wise:
      return ShardingType::table_wise;
    case Sharding::column_wise:
      return ShardingType::column_wise;
    case Sharding::mixed:
      return random() % 2 == 0 || t == 2 ? ShardingType::column_wise : ShardingType::table_wise;
    case Sharding::row_wise:
      return ShardingType::row_wise;
    case Sharding::table_row_wise:
      return ShardingType::table_row_wise;
    case Sharding::table_column_wise:
      return ShardingType::table_column_wise;
    case Sharding::grid:
      return ShardingType::grid;
    case Sharding::data_parallel:
      return ShardingType::data_parallel;
    case Sharding::every:
      break;
  }
  return kEvery[static_cast<std::size_t>(below(random(), std::ssize(kEvery)))];
}

std::int64_t bag_length(std::int64_t step, std::int64_t sample, std::int64_t feature) {
  if (feature == 0) return step == 7 && sample == 2 ? 3000 : 1;
  return below(hash(step, sample, feature, -1), 6);
}

void add_bag(Bags& bags, const Table& table, std::int64_t step, std::int64_t sample,
             std::int64_t feature) {
  const std::int64_t length = bag_length(step, sample, feature);
  bags.lengths.push_back(static_cast<std::int32_t>(length));
  for (std::int64_t i = 0; i < length; ++i) {
    bags.ids.push_back(below(hash(step, sample, feature, i), table.rows));
    if (table.weighted) bags.weights.push_back(unit(hash(step, sample, feature, ~i)));
  }
}

float weight_of(const ShardedEmbeddings::LocalShard& local, std::size_t position) {
  switch (local.dtype) {
    case DataType::fp32:
      return local.weights[position];
    case DataType::bf16:
      return to_float(Bf16{local.weights16[position]});
    case DataType::fp16:
      return to_float(Fp16{local.weights16[position]});
  }
  return 0;
}

/// The optimizer's values for one weight.
std::pair<float, float> state_of(const ShardedEmbeddings::LocalShard& local,
                                 OptimizerKind optimizer, std::size_t row, std::size_t column) {
  const auto columns = static_cast<std::size_t>(local.shard.columns());
  const std::size_t width = local.state.size() / static_cast<std::size_t>(local.shard.rows());
  const float* const of_row = local.state.data() + row * width;
  switch (optimizer) {
    case OptimizerKind::rowwise_adagrad:
      return {of_row[0], 0.0F};
    case OptimizerKind::rowwise_adam:
      return {of_row[column], of_row[columns]};
    case OptimizerKind::adam:
    case OptimizerKind::ftrl:
      return {of_row[column], of_row[columns + column]};
    default:
      return {of_row[column], 0.0F};
  }
}

void copy_shard(const ShardedEmbeddings::LocalShard& local, const Table& table, Outcome& outcome) {
  const std::size_t t = local.shard.table.index();
  const auto width = static_cast<std::size_t>(local.shard.columns());
  const auto rows = static_cast<std::size_t>(local.shard.rows());
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < width; ++c) {
      const std::size_t row = static_cast<std::size_t>(local.shard.row_begin) + r;
      const std::size_t to = row * static_cast<std::size_t>(table.dim) +
                             static_cast<std::size_t>(local.shard.col_begin) + c;
      outcome.weights[t][to] = weight_of(local, r * width + c);
      if (table.optimizer == OptimizerKind::sgd) continue;
      const auto [first, second] = state_of(local, table.optimizer, r, c);
      outcome.state[t][to] = first;
      outcome.state[t][outcome.weights[t].size() + to] = second;
    }
  }
}

Outcome empty_outcome(const Workload& workload) {
  Outcome outcome;
  for (const Table& table : workload.tables) {
    const auto size = static_cast<std::size_t>(table.rows * table.dim);
    outcome.weights.emplace_back(size);
    outcome.state.emplace_back(table.optimizer == OptimizerKind::sgd ? 0 : 2 * size);
  }
  return outcome;
}

/// visit(table, feature) for the features without pooling, in their order.
template <class Visit>
void for_each_unpooled(const Workload& workload, Visit visit) {
  std::size_t feature = 0;
  for (const Table& table : workload.tables) {
    for (std::size_t k = 0; k < table.features.size(); ++k, ++feature) {
      if (table.mode == PoolingMode::none) visit(table, feature);
    }
  }
}

/// Not after the end, and at times not, as before an evaluation.
bool is_announced(std::int64_t step) { return step < kSteps && step % 7 != 3; }

/// Every value is zero on all ranks but one, or the same on all (data_parallel).
void join(const std::vector<float>& part, std::vector<float>& whole) {
  whole.resize(part.size());
  for (std::size_t i = 0; i < part.size(); ++i) {
    if (part[i] != 0.0F) whole[i] = part[i];
  }
}

}  // namespace

Workload make_workload(const Training& training) {
  Workload workload;
  workload.tables = {make_table("users", 2000, 8, {"user"}, training),
                     make_table("items", 37, 12, {"seen", "liked"}, training),
                     make_table("tags", 5, 24, {"tags"}, training),
                     make_table("single", 1, 4, {"single"}, training)};
  if (training.unpooled) {
    workload.tables[0].mode = PoolingMode::none;
    workload.tables[1].mode = PoolingMode::none;
  }
  return workload;
}

Plan make_plan(const Training& training, Sharding sharding, std::int64_t ranks,
               std::uint64_t seed) {
  return place(make_workload(training), sharding, ranks, seed);
}

Plan place(const Workload& workload, Sharding sharding, std::int64_t ranks, std::uint64_t seed) {
  Plan plan;
  plan.workload = workload;
  plan.topology.ranks.resize(static_cast<std::size_t>(ranks));
  for (std::size_t r = 0; r < plan.topology.ranks.size(); ++r) {
    plan.topology.ranks[r].node = static_cast<std::int64_t>(r) / kRanksPerNode;
  }
  Random random(seed);
  for (std::size_t t = 0; t < plan.workload.tables.size(); ++t) {
    add_shards(plan, t, type_of(sharding, t, random), random);
  }
  return plan;
}

Plan on_one_rank(Plan plan) {
  plan.topology.ranks.resize(1);
  for (Shard& shard : plan.shards) shard.rank = RankId{0};
  return plan;
}

std::int64_t global_samples(std::int64_t step) { return step == 20 ? 0 : 16 - step % 5; }

Batch make_batch(const Workload& workload, std::int64_t step, std::int64_t begin,
                 std::int64_t end) {
  Batch batch;
  batch.first_sample = begin;
  batch.size = end - begin;
  batch.global_size = global_samples(step);
  std::int64_t feature = 0;
  for (const Table& table : workload.tables) {
    for (std::size_t k = 0; k < table.features.size(); ++k, ++feature) {
      Bags& bags = batch.features.emplace_back();
      for (std::int64_t n = begin; n < end; ++n) add_bag(bags, table, step, n, feature);
    }
  }
  return batch;
}

Batch make_share(const Workload& workload, std::int64_t step, const Communicator& comm) {
  return make_share_of(workload, step, comm.size(), comm.rank().value());
}

Batch make_share_of(const Workload& workload, std::int64_t step, std::int64_t ranks,
                    std::int64_t rank) {
  Random random(static_cast<std::uint64_t>(step));  // the same on every rank
  const std::int64_t samples = global_samples(step);
  std::vector<std::int64_t> cuts = {0, samples};
  for (std::int64_t r = 1; r < ranks; ++r) cuts.push_back(below(random(), samples + 1));
  std::sort(cuts.begin(), cuts.end());
  const auto self = static_cast<std::size_t>(rank);
  return make_batch(workload, step, cuts[self], cuts[self + 1]);
}

std::vector<float> make_gradient(std::int64_t step, const Batch& batch, std::int64_t columns) {
  std::vector<float> gradient;
  for (std::int64_t n = 0; n < batch.size; ++n) {
    for (std::int64_t c = 0; c < columns; ++c) {
      gradient.push_back(unit(hash(step, batch.first_sample + n, c, -2)));
    }
  }
  return gradient;
}

std::vector<float> make_vector_gradient(const Workload& workload, std::int64_t step,
                                        const Batch& batch) {
  std::vector<float> gradient;
  for_each_unpooled(workload, [&](const Table& table, std::size_t feature) {
    std::int64_t n = batch.first_sample;
    for (const std::int32_t length : batch.features[feature].lengths) {
      for (std::int64_t i = 0; i < length * table.dim; ++i) {
        gradient.push_back(unit(hash(step, n, static_cast<std::int64_t>(feature), i) + 1));
      }
      ++n;
    }
  });
  return gradient;
}

void append_vectors(const Workload& workload, std::int64_t step, const Batch& own,
                    std::span<const float> vectors, std::vector<float>& all) {
  const Batch before = make_batch(workload, step, 0, own.first_sample);
  const Batch whole = make_batch(workload, step, 0, global_samples(step));
  for_each_unpooled(workload, [&](const Table& table, std::size_t feature) {
    const auto floats = [&](const Batch& batch) {
      return batch.features[feature].ids.size() * static_cast<std::size_t>(table.dim);
    };
    const std::size_t begin = all.size();
    all.resize(begin + floats(whole));
    const auto to = all.begin() + static_cast<std::ptrdiff_t>(begin + floats(before));
    std::copy_n(vectors.begin(), floats(own), to);
    vectors = vectors.subspan(floats(own));
  });
}

Outcome run(const Plan& plan, Communicator& comm, const Trainee& trainee) {
  const std::int64_t columns = trainee.pooled_columns;
  Outcome outcome = empty_outcome(plan.workload);
  for (std::int64_t step = 0; step < kSteps; ++step) {
    const Batch batch = make_share(plan.workload, step, comm);
    const Batch next = make_share(plan.workload, step + 1, comm);
    if (trainee.announce && is_announced(step + 1)) trainee.announce(next);
    std::vector<float> pooled(static_cast<std::size_t>(batch.size * columns));
    trainee.train(batch, pooled, make_gradient(step, batch, columns));
    const std::size_t begin = outcome.pooled.size();
    outcome.pooled.resize(begin + static_cast<std::size_t>(global_samples(step) * columns));
    std::copy(
        pooled.begin(), pooled.end(),
        outcome.pooled.begin() + static_cast<std::ptrdiff_t>(begin) + batch.first_sample * columns);
  }
  for (const auto& local : trainee.shards()) {
    copy_shard(local, plan.workload.table(local.shard.table), outcome);
  }
  return outcome;
}

Outcome run(const Plan& plan, Communicator& comm, const Visitor& visit, const Manner& manner) {
  ShardedEmbeddings embeddings(plan, comm,
                               {.seed = kSeed,
                                .optimizer = {},
                                .wire = manner.wire,
                                .threads = manner.threads,
                                .overlap = manner.overlap,
                                .communication_thread = manner.communication_thread});
  Trainee trainee{.pooled_columns = embeddings.pooled_columns(), .train = {}, .shards = [&] {
                    return embeddings.local_shards();
                  }};
  std::int64_t step = 0;
  std::vector<float> all_vectors;
  trainee.train = [&](const Batch& batch, std::span<float> pooled,
                      std::span<const float> gradient) {
    std::vector<float> vectors(num_vector_values(embeddings.unpooled_features(), batch));
    embeddings.forward(batch, pooled, vectors);
    embeddings.backward(gradient, kLearningRate, make_vector_gradient(plan.workload, step, batch));
    append_vectors(plan.workload, step++, batch, vectors, all_vectors);
    if (visit) visit(embeddings, batch);
  };
  if (manner.overlap) trainee.announce = [&](const Batch& next) { embeddings.announce(next); };
  Outcome outcome = run(plan, comm, trainee);
  outcome.vectors = std::move(all_vectors);
  return outcome;
}

Outcome run_on_threads(const Plan& plan, const Manner& manner) {
  Outcome whole = empty_outcome(plan.workload);
  std::mutex mutex;
  const auto run_rank = [&](Communicator& comm) {
    const Outcome part = run(plan, comm, {}, manner);
    const std::lock_guard lock(mutex);
    join(part.pooled, whole.pooled);
    join(part.vectors, whole.vectors);
    for (std::size_t t = 0; t < part.weights.size(); ++t) {
      join(part.weights[t], whole.weights[t]);
      join(part.state[t], whole.state[t]);
    }
  };
  run_ranks(plan.topology.size(), run_rank, manner.memory);
  return whole;
}

}  // namespace shardwright::synthetic
