#include "runtime/profile/profiled_tables.hpp"

#include "runtime/data/splitmix.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace shardwright {

void add_profiled_table(Plan& plan, std::int64_t dim, std::span<const RankId> owners) {
  const TableId id = TableId::of(plan.workload.tables.size());
  Table& table = plan.workload.tables.emplace_back();
  table.name = fmt::format("t{}", id.value());
  table.rows = kProfiledRows;
  table.dim = dim;
  table.features = {table.name};
  const std::int64_t parts = std::ssize(owners);
  const auto type = parts > 1 ? ShardingType::row_wise : ShardingType::table_wise;
  for (std::int64_t part = 0; part < parts; ++part) {
    plan.shards.push_back({id, type, kProfiledRows * part / parts,
                           kProfiledRows * (part + 1) / parts, 0, dim,
                           owners[static_cast<std::size_t>(part)]});
  }
}

std::int64_t samples_of(std::int64_t bytes, std::int64_t bytes_of_sample) {
  return std::max<std::int64_t>(1, (bytes + bytes_of_sample / 2) / bytes_of_sample);
}

Batch profiled_batch(std::int64_t samples, std::int64_t ids_of_sample, std::size_t features) {
  Batch batch;
  batch.size = batch.global_size = samples;
  batch.features.resize(features);
  SplitMix64 random(1);
  const auto count = static_cast<std::int64_t>(features);
  for (std::int64_t f = 0; f < count; ++f) {
    Bags& bags = batch.features[static_cast<std::size_t>(f)];
    const std::int64_t length = (ids_of_sample + f) / count;
    bags.lengths.assign(static_cast<std::size_t>(samples), static_cast<std::int32_t>(length));
    bags.ids.resize(static_cast<std::size_t>(samples * length));
    for (std::int64_t& id : bags.ids) id = static_cast<std::int64_t>(random.below(kProfiledRows));
  }
  return batch;
}

}  // namespace shardwright
