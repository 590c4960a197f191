#include "runtime/embedding/replicated_tables.hpp"

#include "runtime/embedding/bags_view.hpp"
#include "runtime/embedding/one_id_bags.hpp"
#include "runtime/embedding/simd/kernels.hpp"

#include <algorithm>

namespace shardwright {
namespace {

/// Every dim is a multiple of it (require_supported()), so each id's vector begins at one.
constexpr std::int64_t kVectorRow = 4;

}  // namespace

ReplicatedTables::ReplicatedTables(const ExchangeLayout& layout, const Workload& workload,
                                   const OptimizerSettings& settings,
                                   std::span<ShardedEmbeddings::LocalShard> shards)
    : workload_(workload),
      settings_(settings),
      shards_(shards),
      pooled_columns_(layout.pooled_columns) {
  std::size_t rows = 0;
  std::size_t values = 0;
  for (std::size_t s = 0; s < shards_.size(); ++s) {
    const Shard& shard = shards_[s].shard;
    Table& table = tables_.emplace_back();
    table.shard = s;
    const auto first =
        std::find_if(layout.features.begin(), layout.features.end(),
                     [&](const PooledFeature& feature) { return feature.table == shard.table; });
    table.first_feature = static_cast<std::size_t>(first - layout.features.begin());
    table.num_features = workload_.table(shard.table).features.size();
    table.pooled_column = first->pooled_column;
    table.first_row = rows;
    table.first_gradient = values;
    exchanges_marks_ |= moves_by_zero(workload_.table(shard.table).optimizer, settings_);
    rows += static_cast<std::size_t>(shard.rows());
    values += static_cast<std::size_t>(shard.rows() * shard.columns());
  }
  gradients_.resize(values);
  touched_.resize((rows + 7) / 8);
}

void ReplicatedTables::remember(const Batch& batch) {
  bags_.clear();
  for (const Table& table : tables_) {
    for (std::size_t k = 0; k < table.num_features; ++k) {
      bags_.push_back(batch.features[table.first_feature + k]);
    }
  }
}

void ReplicatedTables::look_up(const OwnVectors& vectors, const OutputValues& values) const {
  auto bags = bags_.begin();
  for (const Table& table : tables_) {
    for (std::size_t k = 0; k < table.num_features; ++k, ++bags) {
      if (is_unpooled(table)) {
        const std::size_t begin = vectors.begin(table.first_feature + k);
        look_up_vectors(table, *bags, values.vectors.data() + begin);
      } else {
        pool(table, *bags, values.pooled.data() + first_column(table, k));
      }
    }
  }
}

void ReplicatedTables::pool(const Table& table, const Bags& bags, float* out) const {
  embedding_kernels().pool_bags(view(bags), workload_.table(shard_of(table).table).mode,
                                rows_from(shards_[table.shard], 0).to_read(), out, pooled_columns_);
}

void ReplicatedTables::look_up_vectors(const Table& table, const Bags& bags, float* out) const {
  const WeightRows rows = rows_from(shards_[table.shard], 0).to_read();
  for (const BagsPart& part : one_id_bags(view(bags), bags.ids.size())) {
    embedding_kernels().pool_bags(part.bags, PoolingMode::none, rows,
                                  out + part.first_bag * static_cast<std::size_t>(rows.width),
                                  rows.width);
  }
}

/// The rank's own ids. Rows of a matrix: those of the pooled gradients, or of the vectors', of
/// kVectorRow floats.
InputSource ReplicatedTables::own_source(const OwnVectors& vectors) const {
  InputSource own{.row_begin = 0, .samples = 0, .features = {}};
  if (!bags_.empty()) own.samples = std::ssize(bags_.front().lengths);
  own.vector_rows = static_cast<std::int64_t>(vectors.size()) / kVectorRow;
  for (const Bags& bags : bags_) own.features.push_back(view(bags));
  for (const Table& table : tables_) {
    for (std::size_t k = 0; k < table.num_features; ++k) {
      const std::size_t begin = is_unpooled(table) ? vectors.begin(table.first_feature + k) : 0;
      own.first_vectors.push_back(static_cast<std::int64_t>(begin) / kVectorRow);
    }
  }
  return own;
}

void ReplicatedTables::sum_gradients(const OwnVectors& vectors, const OutputGradients& gradients) {
  std::fill(gradients_.begin(), gradients_.end(), 0.0F);
  std::fill(touched_.begin(), touched_.end(), std::byte{0});
  const InputSource own = own_source(vectors);
  std::size_t first_bags = 0;
  for (Table& table : tables_) {
    const Shard& shard = shard_of(table);
    const std::int64_t rows_per_vector = is_unpooled(table) ? shard.columns() / kVectorRow : 0;
    table.groups.build({&own, 1}, first_bags, table.num_features, workload_.table(shard.table).mode,
                       shard.rows(), rows_per_vector);
    first_bags += table.num_features;
    sum_gradients(table, gradients);
  }
}

void ReplicatedTables::sum_gradients(Table& table, const OutputGradients& gradients) {
  const std::int64_t columns = shard_of(table).columns();
  const GradientView view =
      is_unpooled(table)
          ? GradientView{gradients.vectors.data(), kVectorRow, 0, columns}
          : GradientView{gradients.pooled.data(), pooled_columns_, table.pooled_column, columns};
  const auto width = static_cast<std::size_t>(columns);
  for (std::size_t g = 0; g < table.groups.size(); ++g) {
    const auto row = static_cast<std::size_t>(table.groups.row(g));
    mark(table.first_row + row);
    embedding_kernels().sum_gradients(
        table.groups[g], view,
        std::span(gradients_).subspan(table.first_gradient + row * width, width));
  }
}

void ReplicatedTables::reduce(Communicator& comm) {
  sums_.run(comm, gradients_);
  if (exchanges_marks_) reduce_marks(comm);
}

/// A row is touched if any rank's ids name it. Without this, a rank knows only what its own ids
/// name, which is enough where a gradient of zero changes nothing.
void ReplicatedTables::reduce_marks(Communicator& comm) {
  const auto ranks = static_cast<std::size_t>(comm.size());
  std::vector<std::byte> gathered(ranks * touched_.size());
  const std::vector<Communicator::SendBlock> send(ranks, touched_);
  std::vector<Communicator::ReceiveBlock> receive;
  for (std::size_t r = 0; r < ranks; ++r) {
    receive.push_back(std::span(gathered).subspan(r * touched_.size(), touched_.size()));
  }
  comm.all_to_all(send, receive);
  for (std::size_t i = 0; i < gathered.size(); ++i) touched_[i % touched_.size()] |= gathered[i];
}

std::span<const float> ReplicatedTables::gradient_of(const Table& table, std::int64_t row) const {
  const auto width = static_cast<std::size_t>(shard_of(table).columns());
  return std::span(gradients_)
      .subspan(table.first_gradient + static_cast<std::size_t>(row) * width, width);
}

double ReplicatedTables::sum_all_squares() const {
  double sum = 0;
  for (const Table& table : tables_) {
    for (std::int64_t row = 0; row < shard_of(table).rows(); ++row) {
      sum += sum_of_squares(gradient_of(table, row));
    }
  }
  return sum;
}

void ReplicatedTables::update(const StepSize& step) {
  std::vector<float> gradient;
  std::vector<float> weights;  // of a row that is not in floats
  for (const Table& table : tables_) {
    const UpdateRule rule{workload_.table(shard_of(table).table), settings_, step};
    const ShardRows rows = rows_from(shards_[table.shard], 0);
    weights.resize(rows.width);
    for (std::int64_t row = 0; row < shard_of(table).rows(); ++row) {
      const bool marked = is_marked(table.first_row + static_cast<std::size_t>(row));
      if (exchanges_marks_ && !marked) continue;
      const std::span<const float> summed = gradient_of(table, row);
      gradient.assign(summed.begin(), summed.end());
      update_row(rows, row, rule, gradient, std::nullopt, weights);
    }
  }
}

}  // namespace shardwright
