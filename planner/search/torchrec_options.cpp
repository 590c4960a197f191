#include "planner/search/torchrec_options.hpp"

#include "planner/search/cuts.hpp"
#include "planner/search/ranks_by_node.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <optional>

namespace shardwright::torchrec {
namespace {

constexpr std::array kEnumerated = {ShardingType::data_parallel, ShardingType::table_wise,
                                    ShardingType::column_wise,   ShardingType::table_column_wise,
                                    ShardingType::row_wise,      ShardingType::table_row_wise};

std::int64_t column_width(const Table& table, std::int64_t min_partition) {
  for (std::int64_t width = min_partition; width < table.dim; width += kWidthStep) {
    if (table.dim % width == 0) return width;
  }
  return table.dim;
}

PartitionBy partition_by(ShardingType type) {
  switch (type) {
    case ShardingType::row_wise:
    case ShardingType::data_parallel:
      return PartitionBy::uniform;
    case ShardingType::table_row_wise:
    case ShardingType::table_column_wise:
      return PartitionBy::host;
    default:
      return PartitionBy::device;
  }
}

class Enumerator {
 public:
  Enumerator(const Problem& problem, std::int64_t min_partition)
      : problem_(problem), min_partition_(min_partition), nodes_(ranks_by_node(problem.topology)) {}

  std::vector<Option> options_of(TableId id) const {
    std::vector<Option> options;
    for (const ShardingType type : kEnumerated) {
      if (!problem_.rules[id.index()].allows(type)) continue;
      auto shards = cut(id, type);
      if (!shards.empty() && legal(id, shards)) options.push_back(priced(std::move(shards)));
    }
    return options;
  }

 private:
  // Empty if the ranks do not allow the type.
  std::vector<Shard> cut(TableId id, ShardingType type) const {
    const Table& table = problem_.workload.table(id);
    const auto ranks = static_cast<std::size_t>(problem_.topology.size());
    const bool anywhere = problem_.rules[id.index()].ranks.size() == ranks;
    const Shard whole{id, type, 0, table.rows, 0, table.dim, {}};
    switch (type) {
      case ShardingType::table_wise:
        return {whole};
      case ShardingType::data_parallel:
        return anywhere ? std::vector(ranks, whole) : std::vector<Shard>{};
      case ShardingType::row_wise:
        return anywhere ? cut_rows(whole, ranks) : std::vector<Shard>{};
      case ShardingType::table_row_wise:
        return alike() ? cut_rows(whole, nodes_.front().size()) : std::vector<Shard>{};
      default:
        return cut_columns(whole, column_width(table, min_partition_));
    }
  }

  bool alike() const {
    return std::all_of(nodes_.begin(), nodes_.end(),
                       [&](const auto& node) { return node.size() == nodes_.front().size(); });
  }

  static std::vector<Shard> cut_columns(const Shard& whole, std::int64_t width) {
    std::vector<Shard> shards;
    for (std::int64_t begin = 0; begin < whole.col_end; begin += width) {
      shards.push_back(whole);
      shards.back().col_begin = begin;
      shards.back().col_end = begin + width;
    }
    return shards;
  }

  // Blocks of ⌈rows / parts⌉; none if the last of them would be empty.
  static std::vector<Shard> cut_rows(const Shard& whole, std::size_t parts) {
    const auto count = static_cast<std::int64_t>(parts);
    const std::int64_t block = (whole.row_end + count - 1) / count;
    if (block * (count - 1) >= whole.row_end) return {};
    std::vector<Shard> shards(parts, whole);
    for (std::int64_t i = 0; i < count; ++i) {
      Shard& shard = shards[static_cast<std::size_t>(i)];
      shard.row_begin = i * block;
      shard.row_end = std::min(whole.row_end, (i + 1) * block);
    }
    return shards;
  }

  bool legal(TableId id, const std::vector<Shard>& shards) const {
    const TableRules& rules = problem_.rules[id.index()];
    const std::int64_t width = shards.front().columns();
    const bool cut = width < problem_.workload.table(id).dim;
    const auto count = shards.front().type == ShardingType::data_parallel
                           ? 1
                           : static_cast<std::int64_t>(shards.size());
    return width <= rules.max_width && (!cut || width >= rules.min_width) &&
           count <= rules.max_shards;
  }

  Option priced(std::vector<Shard> shards) const {
    Option option;
    const Shard& first = shards.front();
    option.perf = estimate_perf(problem_.workload.table(first.table), first.type, first.columns(),
                                setting_of(problem_.workload, problem_.topology, first));
    option.partition_by = partition_by(first.type);
    for (const Shard& shard : shards) option.memory.push_back(bytes_of(problem_, shard).value());
    option.shards = std::move(shards);
    return option;
  }

  const Problem& problem_;
  std::int64_t min_partition_;
  std::vector<std::vector<RankId>> nodes_;
};

}  // namespace

double Option::total_ms(const Perf& perf) {
  return perf.forward_compute + perf.backward_compute + perf.forward_comms + perf.backward_comms;
}

double Option::sum_ms() const {
  double sum = 0;
  for (std::size_t i = 0; i < shards.size(); ++i) sum += total_ms(perf);
  return sum;
}

std::int64_t Option::most_memory() const { return *std::max_element(memory.begin(), memory.end()); }

std::int64_t Option::sum_memory() const {
  return std::accumulate(memory.begin(), memory.end(), std::int64_t{0});
}

std::vector<std::vector<Option>> enumerate_options(const Problem& problem,
                                                   std::int64_t min_partition) {
  const Enumerator enumerator(problem, min_partition);
  std::vector<std::vector<Option>> options;
  for (std::size_t i = 0; i < problem.rules.size(); ++i) {
    options.push_back(enumerator.options_of(TableId::of(i)));
  }
  return options;
}

}  // namespace shardwright::torchrec
