#include "planner/either_memory.hpp"

#include "planner/unique_rows.hpp"
#include "planner/unique_rows_memory.hpp"

#include <algorithm>

namespace shardwright {
namespace {

constexpr std::int64_t kMost = std::int64_t{1} << 61;

// The plan's ranks and batch, and a single table.
Plan with_one_table(const Plan& plan) {
  Plan one;
  one.topology = plan.topology;
  one.workload.batch_size = plan.workload.batch_size;
  one.workload.tables.resize(1);
  one.memory_model = plan.memory_model;
  return one;
}

}  // namespace

EitherMemory::EitherMemory(const Plan& plan)
    : ways_(plan.workload.tables.size()),
      sends_rows_(ways_.size()),
      of_shards_(plan.topology.ranks.size()) {
  for (const RankSpec& rank : plan.topology.ranks) usable_.push_back(rank.usable().value());
  for (const TableId table : plan.unique_rows) sends_rows_[table.index()] = true;
  std::vector<std::vector<Shard>> shards(ways_.size());
  for (const Shard& shard : plan.shards) {
    shards[shard.table.index()].push_back(shard);
    shards[shard.table.index()].back().table = TableId(0);
  }
  Plan one = with_one_table(plan);
  for (std::size_t t = 0; t < ways_.size(); ++t) {
    one.workload.tables.front() = plan.workload.tables[t];
    one.unique_rows.clear();
    ways_[t][0] = way_of(one, shards[t]);
    one.shards = shards[t];
    if (sends_rows_[t] || why_not_unique_rows(one, TableId(0)).empty()) {
      one.unique_rows = {TableId(0)};
      ways_[t][1] = way_of(one, shards[t]);
    }
    add(ways_[t][sends_rows_[t] ? 1 : 0], 1);
  }
}

EitherMemory::Way EitherMemory::way_of(const Plan& one, const std::vector<Shard>& shards) {
  const PlanMemory memory(one);
  Way way;
  way.most = memory.numbering().value();
  way.everywhere = memory.batch().total().value() - way.most;
  for (const Shard& shard : shards) {
    const std::int64_t bytes = memory.of(shard).total().value();
    if (shard.rank) {
      way.of_shards.push_back({*shard.rank, bytes});
    } else {
      way.everywhere += bytes;
    }
  }
  return way;
}

void EitherMemory::add(const Way& way, int sign) {
  everywhere_ += sign * WideBytes(way.everywhere);
  for (const OnRank& shard : way.of_shards) {
    of_shards_[shard.rank.index()] += sign * WideBytes(shard.bytes);
  }
  if (way.most == 0) return;
  if (sign > 0) {
    most_.insert(way.most);
  } else {
    most_.erase(most_.find(way.most));
  }
}

void EitherMemory::toggle(TableId table) {
  const std::size_t t = table.index();
  add(ways_[t][sends_rows_[t] ? 1 : 0], -1);
  sends_rows_[t] = !sends_rows_[t];
  add(ways_[t][sends_rows_[t] ? 1 : 0], 1);
}

EitherMemory::WideBytes EitherMemory::on_every_rank() const {
  return everywhere_ + (most_.empty() ? 0 : *most_.rbegin());
}

Bytes EitherMemory::fullest() const {
  const WideBytes most = *std::max_element(of_shards_.begin(), of_shards_.end());
  return Bytes(static_cast<std::int64_t>(std::min<WideBytes>(on_every_rank() + most, kMost)));
}

Bytes EitherMemory::missing() const {
  WideBytes sum = 0;
  for (std::size_t rank = 0; rank < of_shards_.size(); ++rank) {
    sum += std::max<WideBytes>(on_every_rank() + of_shards_[rank] - usable_[rank], 0);
  }
  return Bytes(static_cast<std::int64_t>(std::min<WideBytes>(sum, kMost)));
}

}  // namespace shardwright
