#include "runtime/embedding/pooled_rows.hpp"

#include "runtime/embedding/bags_view.hpp"
#include "runtime/embedding/huge_pages.hpp"
#include "runtime/embedding/simd/kernels.hpp"

#include <algorithm>

namespace shardwright {
namespace {

/// Of one feature: the bags that one thread pools.
struct PoolTask {
  BagsView bags;
  PoolingMode mode = PoolingMode::sum;
  WeightRows rows;
  float* out = nullptr;
};

/// The rows of one table whose gradients one thread sums.
struct SumTask {
  const RowGroups* groups = nullptr;
  GroupRange range;
  GradientView gradients;
  float* sums = nullptr;
};

void sum(const SumTask& task) {
  const auto width = static_cast<std::size_t>(task.gradients.width);
  for (std::size_t g = task.range.begin; g < task.range.end; ++g) {
    embedding_kernels().sum_gradients((*task.groups)[g], task.gradients,
                                      {task.sums + g * width, width});
  }
}

}  // namespace

PooledRows::PooledRows(const ExchangeLayout& layout, const Workload& workload, Workers& workers)
    : pooled_columns_(layout.pooled_columns), workers_(workers) {
  for (const PooledFeature& feature : layout.features) {
    const bool known = !tables_.empty() && tables_.back().table == feature.table;
    if (!layout.sends_rows(feature.table) || known) continue;
    OfTable& added = tables_.emplace_back();
    added.table = feature.table;
    added.mode = workload.table(feature.table).mode;
    added.dim = workload.table(feature.table).dim;
    added.pooled_column = feature.pooled_column;
  }
}

void PooledRows::start(const UniqueIds& ids) {
  std::size_t size = 0;
  for (OfTable& table : tables_) {
    table.begin = size;
    table.size = ids.of(table.table).ids.size() * static_cast<std::size_t>(table.dim);
    size += table.size;
  }
  resize_in_huge_pages(values_, size);
}

PooledRows::Matrix PooledRows::rows(TableId table) {
  const auto found = std::find_if(tables_.begin(), tables_.end(),
                                  [&](const OfTable& own) { return own.table == table; });
  return {std::span(values_).subspan(found->begin, found->size), found->dim};
}

WorkShare PooledRows::task_share(const UniqueIds& ids) const {
  std::size_t work = 0;
  for (const OfTable& table : tables_) {
    for (const Bags& bags : ids.of(table.table).bags) {
      work += work_on(bags.ids.size(), static_cast<std::size_t>(table.dim));
    }
  }
  return share_of(work, workers_.threads());
}

void PooledRows::pool(const UniqueIds& ids, std::span<float> pooled) {
  if (pooled.empty()) return;
  const WorkShare share = task_share(ids);
  std::vector<PoolTask> tasks;
  for (const OfTable& table : tables_) {
    float* first = pooled.data() + table.pooled_column;
    const std::size_t most = share.ids(static_cast<std::size_t>(table.dim));
    for (const Bags& bags : ids.of(table.table).bags) {
      for (const BagsPart& part : split_bags(view(bags), most)) {
        float* const out = first + static_cast<std::int64_t>(part.first_bag) * pooled_columns_;
        tasks.push_back({part.bags, table.mode, {values(table), DataType::fp32, table.dim}, out});
      }
      first += table.dim;
    }
  }
  workers_.run(tasks.size(), [&](std::size_t i, std::size_t) {
    const PoolTask& task = tasks[i];
    embedding_kernels().pool_bags(task.bags, task.mode, task.rows, task.out, pooled_columns_);
  });
}

void PooledRows::group(const UniqueIds::OfTable& ids, OfTable& table) {
  InputSource source;
  for (const Bags& bags : ids.bags) source.features.push_back(view(bags));
  source.samples = std::ssize(ids.bags.front().lengths);
  table.groups.build({&source, 1}, 0, ids.bags.size(), table.mode, std::ssize(ids.ids));
}

void PooledRows::sum_gradients(const UniqueIds& ids, std::span<const float> pooled_gradient) {
  workers_.run(tables_.size(),
               [&](std::size_t t, std::size_t) { group(ids.of(tables_[t].table), tables_[t]); });
  const WorkShare share = task_share(ids);
  std::vector<SumTask> tasks;
  for (const OfTable& table : tables_) {
    const GradientView gradients{pooled_gradient.data(), pooled_columns_, table.pooled_column,
                                 table.dim};
    const std::size_t most = share.ids(static_cast<std::size_t>(table.dim));
    for (const GroupRange& range : split_groups(table.groups, most)) {
      tasks.push_back({&table.groups, range, gradients, values(table)});
    }
  }
  workers_.run(tasks.size(), [&](std::size_t i, std::size_t) { sum(tasks[i]); });
}

}  // namespace shardwright
