#include "planner/exchange/export.hpp"
#include "planner/exchange/torchrec_layout.hpp"
#include "planner/plan_json.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <functional>
#include <set>

namespace shardwright {
namespace {

using nlohmann::ordered_json;

std::string placement(const Plan& plan, RankId rank) {
  const std::string device = torchrec_device(plan.topology);
  if (device == "cpu") return fmt::format("rank:{}/cpu", rank.value());
  const std::int64_t local = std::max(ranks_per_node(plan.topology), std::int64_t{1});
  return fmt::format("rank:{}/{}:{}", rank.value(), device, rank.value() % local);
}

ordered_json table_to_json(const Plan& plan, const TorchrecTable& table) {
  const bool replicated = table.type == ShardingType::data_parallel;
  ordered_json ranks = ordered_json::array();
  ordered_json shards = ordered_json::array();
  for (const TorchrecShard& shard : table.shards) {
    ranks.push_back(shard.rank.value());
    shards.push_back({{"shard_offsets", {shard.row_begin, shard.col_begin}},
                      {"shard_sizes", {shard.rows, shard.columns}},
                      {"placement", placement(plan, shard.rank)}});
  }
  ordered_json result = {{"sharding_type", torchrec_name(table.type)},
                         {"compute_kernel", replicated ? "dense" : "fused"},
                         {"ranks", std::move(ranks)}};
  if (replicated) {
    for (std::int64_t rank = 0; rank < plan.topology.size(); ++rank) {
      result["ranks"].push_back(rank);
    }
  } else {
    result["shards"] = std::move(shards);
  }
  return result;
}

// What no form of TorchRec's plan has a place for.
std::vector<std::string> losses_of(const Plan& plan) {
  std::vector<std::string> losses = {
      "TorchRec's plan holds placements alone: predictions, reasons, the topology and the batch "
      "size stay behind.",
      "Rows, dims, pooling, dtypes and optimizers are those of the model that loads the plan; they "
      "must be the plan's."};
  const auto constrained =
      std::count_if(plan.workload.tables.begin(), plan.workload.tables.end(),
                    [](const Table& table) { return table.constraints != TableConstraints(); });
  if (constrained > 0) {
    losses.push_back(fmt::format("The constraints of {} tables stay behind.", constrained));
  }
  return losses;
}

std::string quoted(const std::string& text) { return nlohmann::json(text).dump(); }

std::vector<std::int64_t> ranks_of(const TorchrecTable& table) {
  std::vector<std::int64_t> ranks;
  for (const TorchrecShard& shard : table.shards) ranks.push_back(shard.rank.value());
  return ranks;
}

bool equally_wide(const TorchrecTable& table) {
  return std::adjacent_find(table.shards.begin(), table.shards.end(),
                            [](const TorchrecShard& a, const TorchrecShard& b) {
                              return a.columns != b.columns;
                            }) == table.shards.end();
}

std::vector<std::int64_t> hosts_of(const Plan& plan, const TorchrecTable& table) {
  const std::int64_t local = std::max(ranks_per_node(plan.topology), std::int64_t{1});
  std::vector<std::int64_t> hosts;
  for (const std::int64_t rank : ranks_of(table)) {
    if (hosts.empty() || hosts.back() != rank / local) hosts.push_back(rank / local);
  }
  return hosts;
}

// Each shard as TorchRec's helpers cannot say it.
std::string placed(const TorchrecTable& table) {
  std::vector<std::string> shards;
  for (const TorchrecShard& shard : table.shards) {
    shards.push_back(fmt::format("({}, {}, {}, {}, {})", shard.row_begin, shard.col_begin,
                                 shard.rows, shard.columns, shard.rank.value()));
  }
  return fmt::format("placed(\"{}\", [{}])", torchrec_name(table.type), fmt::join(shards, ", "));
}

std::string call_for(const Plan& plan, const TorchrecTable& table) {
  switch (table.type) {
    case ShardingType::data_parallel:
      return "data_parallel()";
    case ShardingType::table_wise:
      return fmt::format("table_wise(rank={})", table.shards.front().rank.value());
    case ShardingType::column_wise:
      if (!equally_wide(table)) return placed(table);
      return fmt::format("column_wise(ranks=[{}])", fmt::join(ranks_of(table), ", "));
    case ShardingType::row_wise:
      return "row_wise()";
    case ShardingType::table_row_wise:
      return fmt::format("table_row_wise(host_index={})", hosts_of(plan, table).front());
    case ShardingType::grid: {
      const auto hosts = hosts_of(plan, table);
      const std::set<std::int64_t> different(hosts.begin(), hosts.end());
      if (!equally_wide(table) || different.size() != hosts.size()) return placed(table);
      return fmt::format("grid_shard(host_indexes=[{}])", fmt::join(hosts, ", "));
    }
    case ShardingType::table_column_wise:
      break;
  }
  return placed(table);
}

constexpr std::string_view kPlaced = R"py(

def placed(sharding_type, shards):
    """Shards (row, column, rows, columns, rank), for layouts that TorchRec has no helper for."""

    def generate(param, local_size, world_size, device_type, sharder):
        return ParameterSharding(
            sharding_type=sharding_type,
            compute_kernel="fused",
            ranks=[rank for *_, rank in shards],
            sharding_spec=EnumerableShardingSpec(
                [
                    ShardMetadata(
                        shard_offsets=[row, column],
                        shard_sizes=[rows, columns],
                        placement=placement(device_type, rank, local_size),
                    )
                    for row, column, rows, columns, rank in shards
                ]
            ),
        )

    return generate
)py";

}  // namespace

Exported export_torchrec(const Plan& plan, const std::string& module) {
  ordered_json tables = ordered_json::object();
  for (const TorchrecTable& table : torchrec_layout(plan)) {
    tables[table.name] = table_to_json(plan, table);
  }
  ordered_json document;
  document["plan"][module] = std::move(tables);
  return {document.dump(2) + "\n", losses_of(plan)};
}

Exported export_torchrec_source(const Plan& plan) {
  std::string calls;
  bool helper = false;
  std::set<std::string> names;
  for (const TorchrecTable& table : torchrec_layout(plan)) {
    const std::string call = call_for(plan, table);
    const std::string name = call.substr(0, call.find('('));
    if (name == "placed") {
      helper = true;
    } else {
      names.insert(name);
    }
    calls += fmt::format("            {}: {},\n", quoted(table.name), call);
  }
  names.insert("construct_module_sharding_plan");
  if (helper) names.insert("placement");
  const std::int64_t local = ranks_per_node(plan.topology);
  std::string text = fmt::format(
      "\"\"\"The placement of plan {}, for TorchRec.\"\"\"\n\n"
      "from torchrec.distributed.sharding_plan import (\n    {},\n)\n",
      plan_id(plan), fmt::join(names, ",\n    "));
  if (helper) {
    text +=
        "from torchrec.distributed.types import (\n    EnumerableShardingSpec,\n"
        "    ParameterSharding,\n    ShardMetadata,\n)\n";
    text += kPlaced;
  }
  text += fmt::format(
      "\n\ndef module_sharding_plan(module, device_type=\"{}\"):\n"
      "    \"\"\"The plan of an embedding module with these tables, on {} ranks.\"\"\"\n"
      "    return construct_module_sharding_plan(\n        module,\n"
      "        per_param_sharding={{\n{}        }},\n"
      "        local_size={},\n        world_size={},\n        device_type=device_type,\n    )\n",
      torchrec_device(plan.topology), plan.topology.size(), calls,
      local > 0 ? local : plan.topology.size(), plan.topology.size());
  return {text, losses_of(plan)};
}

}  // namespace shardwright
