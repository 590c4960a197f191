// What ReplicatedTables does with gradients.

#include "runtime/embedding/bags_view.hpp"
#include "runtime/embedding/replicated_tables.hpp"
#include "runtime/embedding/simd/kernels.hpp"
#include "runtime/embedding/sort_order.hpp"
#include "runtime/embedding/work_split.hpp"

#include <algorithm>
#include <numeric>

namespace shardwright {
namespace {

/// Every dim is a multiple of it (require_supported()), so each id's vector begins at one.
constexpr std::int64_t kVectorRow = 4;

/// Sums that travel at once: they need as much memory again, and stay in a processor's cache.
constexpr std::size_t kMostSums = std::size_t{1} << 20;

}  // namespace

std::span<float> ReplicatedTables::gradient_of(const Table& table, std::int64_t row) {
  const auto width = static_cast<std::size_t>(shard_of(table).columns());
  return std::span(gradients_)
      .subspan(table.first_gradient + static_cast<std::size_t>(row) * width, width);
}

/// visit(rows, their position in rows_), on all threads.
template <class Visit>
void ReplicatedTables::for_all_rows(Visit visit) {
  workers_.run(rows_.size(), [&](std::size_t i, std::size_t) { visit(rows_[i], i); });
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

GradientView ReplicatedTables::view_of(const Table& table, const OutputGradients& gradients) const {
  const std::int64_t columns = shard_of(table).columns();
  if (is_unpooled(table)) return {gradients.vectors.data(), kVectorRow, 0, columns};
  return {gradients.pooled.data(), pooled_columns_, table.pooled_column, columns};
}

void ReplicatedTables::group_rows(const OwnVectors& vectors) {
  const InputSource own = own_source(vectors);
  std::vector<std::size_t> ids;
  for (const Table& table : tables_) {
    ids.push_back(0);
    for (std::size_t k = 0; k < table.num_features; ++k) {
      ids.back() += own.features[table.first_bags + k].ids.size();
    }
  }
  const SortOrder order = sort_order(ids, workers_);
  const std::span tables(order.lists);
  for (const std::size_t t : tables.first(order.shared)) group_rows(tables_[t], own, &workers_);
  const std::span others = tables.subspan(order.shared);
  workers_.run(others.size(),
               [&](std::size_t i, std::size_t) { group_rows(tables_[others[i]], own, nullptr); });
}

void ReplicatedTables::group_rows(Table& table, const InputSource& own, Workers* workers) {
  const Shard& shard = shard_of(table);
  const std::int64_t rows_per_vector = is_unpooled(table) ? shard.columns() / kVectorRow : 0;
  table.groups.build({&own, 1}, table.first_bags, table.num_features,
                     workload_.table(shard.table).mode, shard.rows(), rows_per_vector, workers);
}

void ReplicatedTables::plan_sums(std::size_t table) {
  const RowGroups& groups = tables_[table].groups;
  const std::size_t columns = columns_of(tables_[table]);
  const std::size_t most = task_.ids(columns);
  for (const GroupRange& range : split_groups(groups, most)) {
    if (is_hot(groups, range, most)) {
      for (const ColumnRange& part : split_columns(columns)) {
        planned_sums_.push_back({table, range, part});
      }
    } else {
      planned_sums_.push_back({table, range, {0, columns}});
    }
  }
}

void ReplicatedTables::sum(const Sum& sum, const OutputGradients& gradients) {
  Table& table = tables_[sum.table];
  GradientView view = view_of(table, gradients);
  view.column += static_cast<std::int64_t>(sum.columns.begin);
  for (std::size_t g = sum.groups.begin; g < sum.groups.end; ++g) {
    const std::span<float> gradient = gradient_of(table, table.groups.row(g));
    embedding_kernels().sum_gradients(table.groups[g], view,
                                      gradient.subspan(sum.columns.begin, sum.columns.count));
  }
}

void ReplicatedTables::sum_gradients(const OwnVectors& vectors, const OutputGradients& gradients) {
  finish_reduce();
  for_all_rows([&](const Rows& rows, std::size_t) {
    for (std::int64_t row = rows.begin; row < rows.end; ++row) {
      std::ranges::fill(gradient_of(tables_[rows.table], row), 0.0F);
    }
  });
  group_rows(vectors);
  std::fill(touched_.begin(), touched_.end(), std::byte{0});
  planned_sums_.clear();
  for (std::size_t t = 0; t < tables_.size(); ++t) {
    const Table& table = tables_[t];
    for (std::size_t g = 0; g < table.groups.size(); ++g) {
      mark(table.first_row + static_cast<std::size_t>(table.groups.row(g)));
    }
    plan_sums(t);
  }
  workers_.run(planned_sums_.size(),
               [&](std::size_t i, std::size_t) { sum(planned_sums_[i], gradients); });
}

void ReplicatedTables::start_reduce(Communicator& comm) {
  if (empty()) return;
  sums_.start(comm, std::span(gradients_).first(std::min(kMostSums, gradients_.size())));
}

void ReplicatedTables::pass_sums_on(Communicator& comm) {
  if (empty()) return;
  sums_.send_sums(comm);
  for (std::size_t begin = kMostSums; begin < gradients_.size(); begin += kMostSums) {
    sums_.finish();
    const std::size_t size = std::min(kMostSums, gradients_.size() - begin);
    sums_.start(comm, std::span(gradients_).subspan(begin, size));
    sums_.send_sums(comm);
  }
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

double ReplicatedTables::sum_all_squares() {
  std::vector<double> sums(rows_.size());
  for_all_rows([&](const Rows& rows, std::size_t position) {
    for (std::int64_t row = rows.begin; row < rows.end; ++row) {
      sums[position] += sum_of_squares(gradient_of(tables_[rows.table], row));
    }
  });
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

void ReplicatedTables::update_rows(const Rows& part, const StepSize& step) {
  const Table& table = tables_[part.table];
  const UpdateRule rule{workload_.table(shard_of(table).table), settings_, step};
  const ShardRows rows = rows_from(shards_[table.shard], 0);
  std::vector<float> weights(rows.width);  // of a row that is not in floats
  for (std::int64_t row = part.begin; row < part.end; ++row) {
    const bool marked = is_marked(table.first_row + static_cast<std::size_t>(row));
    if (exchanges_marks_ && !marked) continue;
    update_row(rows, row, rule, gradient_of(table, row), std::nullopt, weights);
  }
}

void ReplicatedTables::update(const StepSize& step) {
  for_all_rows([&](const Rows& rows, std::size_t) { update_rows(rows, step); });
}

}  // namespace shardwright
