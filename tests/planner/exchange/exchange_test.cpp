#include "costmodel/errors.hpp"
#include "planner/check.hpp"
#include "planner/exchange/export.hpp"
#include "planner/exchange/import.hpp"
#include "planner/exchange/torchrec_layout.hpp"
#include "planner/explain/candidates.hpp"
#include "tests/planner/refusal.hpp"
#include "tests/planner/sample_workload.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <map>
#include <string>

namespace shardwright {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::int64_t kPlenty = std::int64_t{1} << 50;

// One table per sharding type, on two nodes of two ranks, as TorchRec lays them out.
Plan plan_of_every_type() {
  Plan plan;
  plan.workload.batch_size = 8;
  plan.topology = sample_topology({kPlenty, kPlenty, kPlenty, kPlenty}, 2);
  const std::vector<RankId> all = {RankId(0), RankId(1), RankId(2), RankId(3)};
  const std::vector<RankId> node = {RankId(2), RankId(3)};
  for (const ShardingType type : kAllShardingTypes) {
    plan.workload.tables.push_back(sample_table(std::string(to_string(type)), 10, 16));
  }
  const auto& tables = plan.workload.tables;
  const auto add = [&](const std::vector<Shard>& shards) {
    plan.shards.insert(plan.shards.end(), shards.begin(), shards.end());
  };
  add({{TableId(0), ShardingType::data_parallel, 0, 10, 0, 16, {}}});
  add({{TableId(1), ShardingType::table_wise, 0, 10, 0, 16, RankId(3)}});
  add({{TableId(2), ShardingType::column_wise, 0, 10, 0, 12, RankId(3)},
       {TableId(2), ShardingType::column_wise, 0, 10, 12, 16, RankId(0)}});
  add(row_shards(tables[3], TableId(3), ShardingType::row_wise, all));
  add(row_shards(tables[4], TableId(4), ShardingType::table_row_wise, node));
  add(column_shards(tables[5], TableId(5), ShardingType::table_column_wise, 2, node));
  for (const std::int64_t half : {0, 1}) {
    for (const std::int64_t rank : {0, 1}) {
      plan.shards.push_back({TableId(6), ShardingType::grid, 5 * half, 5 * half + 5, 8 * rank,
                             8 * rank + 8, RankId(2 * rank + half)});
    }
  }
  return plan;
}

TEST(ExportTorchrec, WritesTheShapeThatTorchrecWrites) {
  const json document = json::parse(export_torchrec(plan_of_every_type(), "ebc").text);
  const json& tables = document["plan"]["ebc"];
  EXPECT_EQ(tables["table_wise"]["ranks"], json({3}));
  EXPECT_EQ(tables["table_wise"]["shards"][0], json::parse(R"({"shard_offsets": [0, 0],
    "shard_sizes": [10, 16], "placement": "rank:3/cpu"})"));
  EXPECT_EQ(tables["column_wise"]["shards"][1]["shard_offsets"], json({0, 12}));
  EXPECT_EQ(tables["data_parallel"]["compute_kernel"], "dense");
  EXPECT_EQ(tables["data_parallel"]["ranks"], json({0, 1, 2, 3}));
  EXPECT_FALSE(tables["data_parallel"].contains("shards"));
  EXPECT_EQ(tables["grid"]["sharding_type"], "grid_shard");
  EXPECT_EQ(tables["grid"]["ranks"], json({0, 1, 2, 3}));
  EXPECT_EQ(tables["grid"]["shards"][1]["shard_offsets"], json({5, 0}))
      << "columns outside, rows in";
}

TEST(ExportTorchrec, ListsEmptyRowBlocks) {
  Plan plan = plan_of_every_type();
  plan.workload.tables[3].rows = 5;
  std::erase_if(plan.shards, [](const Shard& shard) { return shard.table == TableId(3); });
  for (const Shard& shard : row_shards(plan.workload.tables[3], TableId(3), ShardingType::row_wise,
                                       {RankId(0), RankId(1), RankId(2), RankId(3)})) {
    plan.shards.push_back(shard);
  }
  const json document = json::parse(export_torchrec(plan, "").text);
  const json& shards = document["plan"][""]["row_wise"]["shards"];
  ASSERT_EQ(shards.size(), 4U);
  EXPECT_EQ(shards[2]["shard_sizes"], json({1, 16}));
  EXPECT_EQ(shards[3]["shard_sizes"], json({0, 16}));
  EXPECT_EQ(shards[3]["shard_offsets"], json({5, 0}));
}

TEST(ExportTorchrec, NamesTablesWhoseLayoutTorchrecDoesNotHave) {
  Plan plan = plan_of_every_type();
  for (Shard& shard : plan.shards) {
    if (shard.table != TableId(3)) continue;
    if (shard.row_begin == 0) shard.row_end = 2;
    if (shard.row_begin == 3) shard.row_begin = 2;
  }
  try {
    export_torchrec(plan, "");
    FAIL() << "uneven row blocks were exported";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("'row_wise'"), Not(HasSubstr("'table_wise'"))));
  }
}

TEST(ExportTorchrecSource, UsesTorchrecsHelpersWhereItHasThem) {
  const std::string source = export_torchrec_source(plan_of_every_type()).text;
  EXPECT_THAT(source, HasSubstr("\"table_wise\": table_wise(rank=3),"));
  EXPECT_THAT(source, HasSubstr("\"row_wise\": row_wise(),"));
  EXPECT_THAT(source, HasSubstr("\"table_row_wise\": table_row_wise(host_index=1),"));
  EXPECT_THAT(source, HasSubstr("\"grid\": grid_shard(host_indexes=[0, 1]),"));
  EXPECT_THAT(source,
              HasSubstr("\"column_wise\": placed(\"column_wise\", [(0, 0, 10, 12, 3), (0, 12, "
                        "10, 4, 0)]),"));
  EXPECT_THAT(source, HasSubstr("local_size=2,\n        world_size=4,"));
}

TEST(ImportTorchrec, ReadsBackWhatWasExported) {
  const Plan plan = plan_of_every_type();
  const json document = json::parse(export_torchrec(plan, "ebc").text);
  const ImportedPlan read = import_torchrec(document, "file", {}, plan.workload, plan.topology);
  EXPECT_EQ(read.plan.shards.size(), plan.shards.size());
  for (const Shard& shard : plan.shards) {
    EXPECT_THAT(read.plan.shards, testing::Contains(shard));
  }
  EXPECT_TRUE(read.losses.empty());
  EXPECT_EQ(check_plan(read.plan), std::vector<std::string>());
}

TEST(ImportTorchrec, TakesSizesFromTheShardsAndSaysWhatItAssumed) {
  const json document = json::parse(R"({"plan": {"": {"t": {"sharding_type": "column_wise",
    "compute_kernel": "fused_uvm", "ranks": [1, 0], "shards": [
      {"shard_offsets": [0, 0], "shard_sizes": [50, 8], "placement": "rank:1/cuda:1"},
      {"shard_offsets": [0, 8], "shard_sizes": [50, 4], "placement": "rank:0/cuda:0"}]}}}})");
  const auto read = import_torchrec(document, "file", {}, {}, sample_topology({kPlenty, kPlenty}));
  EXPECT_EQ(read.plan.workload.tables[0].rows, 50);
  EXPECT_EQ(read.plan.workload.tables[0].dim, 12);
  EXPECT_EQ(read.plan.shards[0].rank, RankId(1));
  EXPECT_THAT(fmt::format("{}", fmt::join(read.losses, " ")),
              AllOf(HasSubstr("fused_uvm"), HasSubstr("1 id per sample")));
}

TEST(ImportTorchrec, NeedsTablesForReplicasAndAModuleWhereThereAreSeveral) {
  const Topology topology = sample_topology({kPlenty});
  const auto refusal = [&](const char* text) -> std::string {
    try {
      import_torchrec(json::parse(text), "file", {}, {}, topology);
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(refusal(R"({"plan": {"a": {}, "b": {}}})"), HasSubstr("--module"));
  EXPECT_THAT(refusal(R"({"plan": {"a": {"t": {"sharding_type": "data_parallel"}}}})"),
              HasSubstr("--tables"));
  EXPECT_THAT(refusal(R"({"plan": {"a": {"t": {"sharding_type": "diagonal"}}}})"),
              HasSubstr("plan.a.t"));
  EXPECT_THAT(refusal(R"({"plan": {"a": {"t": {"sharding_type": "table_wise", "shards": [
      {"shard_offsets": [0, 0], "shard_sizes": [4, 4], "placement": "cuda:0"}]}}}})"),
              HasSubstr("rank:0/cuda:0"));
  EXPECT_THAT(refusal(R"({"plan": {"a": {"t": {"sharding_type": "table_wise", "shards": [
      {"shard_offsets": [9223372036854775807, 0], "shard_sizes": [4, 4],
       "placement": "rank:0/cuda:0"}]}}}})"),
              HasSubstr("shard_sizes"));
}

TEST(ExportHugectr, ListsTablesPerRankAndReportsCutsItCannotKeep) {
  const Exported result = export_hugectr(plan_of_every_type());
  const json document = json::parse(result.text);
  EXPECT_EQ(document["shard_matrix"].size(), 4U);
  EXPECT_EQ(document["shard_strategy"][1], json::parse(R"(["dp", ["data_parallel"]])"));
  for (const json& rank : document["shard_matrix"]) {
    EXPECT_EQ(rank[0], "data_parallel") << "replicas are on every rank";
  }
  const std::string losses = fmt::format("{}", fmt::join(result.losses, "\n"));
  EXPECT_THAT(losses, HasSubstr("'column_wise' is column_wise 12+4 on ranks 0,3"));
  EXPECT_THAT(losses, Not(HasSubstr("'table_wise'")));
}

TEST(ImportHugectr, ReadsBackWholeTablesAndReplicas) {
  Plan plan = plan_of_every_type();
  plan.workload.tables.resize(2);
  std::erase_if(plan.shards, [](const Shard& shard) { return shard.table > TableId(1); });
  const json document = json::parse(export_hugectr(plan).text);
  const ImportedPlan read = import_hugectr(document, "file", plan.workload, plan.topology);
  EXPECT_EQ(read.plan.shards, plan.shards);
  EXPECT_TRUE(read.losses.empty());
}

TEST(ImportHugectr, CutsRowsWhereSeveralRanksHoldATable) {
  const Workload workload{{sample_table("t", 5, 8)}, 8};
  const json document = json::parse(R"({"shard_matrix": [["t"], ["t"]]})");
  const auto read = import_hugectr(document, "file", workload, sample_topology({kPlenty, kPlenty}));
  ASSERT_EQ(read.plan.shards.size(), 2U);
  EXPECT_EQ(read.plan.shards[1].row_begin, 3);
  EXPECT_EQ(read.losses.size(), 1U);
}

TEST(Imports, NameMembersThatTheyDoNotRead) {
  const Workload workload{{sample_table("t", 5, 8)}, 8};
  const json matrix = json::parse(
      R"({"shard_matrix": [["t"]], "compression_strategy": {"unique": ["t"]}, "none": null})");
  const Topology topology = sample_topology({kPlenty});
  EXPECT_THAT(import_hugectr(matrix, "file", workload, topology).losses,
              testing::ElementsAre("Left out: compression_strategy."));
  const json plan = json::parse(R"({"version": 2, "plan": {"": {"t": {
    "sharding_type": "table_wise", "cache_load_factor": 0.5, "shards": [
      {"shard_offsets": [0, 0], "shard_sizes": [5, 8], "placement": "rank:0/cpu", "pinned": 1}]}}}})");
  EXPECT_THAT(import_torchrec(plan, "file", {}, workload, topology).losses,
              testing::ElementsAre("Left out: cache_load_factor, pinned, version."));
  const json configs = json::parse(R"({"weight_sharing": true, "tables": [{"name": "t",
    "num_embeddings": 5, "embedding_dim": 8, "pooling_factor": 1}]})");
  EXPECT_THAT(import_configs(configs, "file").losses,
              testing::ElementsAre("Left out: weight_sharing."));
}

TEST(ImportHugectr, SaysWhereReplicasWereAndWhichNamesAreStrange) {
  const Workload workload{{sample_table("t", 5, 8), sample_table("d", 5, 8)}, 8};
  const Topology topology = sample_topology({kPlenty, kPlenty});
  const json document = json::parse(R"({"shard_matrix": [["t", "d"], []],
    "shard_strategy": [["mp", ["t"]], ["dp", ["d", "u", "v"]]]})");
  EXPECT_THAT(import_hugectr(document, "file", workload, topology).losses,
              testing::UnorderedElementsAre(
                  "'d' is \"dp\" on 1 of 2 ranks; here every rank has it.",
                  "shard_strategy names tables that --tables does not have: 'u', 'v'."));
}

TEST(ImportTorchrec, SaysWhatItLeavesOutAndWhichRanksContradict) {
  const Workload workload{{sample_table("t", 5, 8), sample_table("d", 5, 8)}, 8};
  const Topology topology = sample_topology({kPlenty, kPlenty});
  const json document = json::parse(R"({"plan": {
    "user": {"t": {"sharding_type": "table_wise", "ranks": [0, 1, 7], "shards": [
        {"shard_offsets": [0, 0], "shard_sizes": [5, 8], "placement": "rank:1/cpu"}]},
      "d": {"sharding_type": "data_parallel", "ranks": [0]}},
    "item": {"u": {}, "v": {}}, "shop": [1]}})");
  EXPECT_THAT(
      import_torchrec(document, "file", "user", workload, topology).losses,
      testing::UnorderedElementsAre("The module 'item' is left out, with 2 tables: 'u', 'v'.",
                                    "The module 'shop' is left out; it is no object of tables.",
                                    "'t' has the ranks 0, 1, 7, but lies on 1, which counts.",
                                    "'d' has the ranks 0, but lies on 0, 1, which counts."));
}

TEST(ImportConfigs, TranslatesEmbeddingBagConfigs) {
  const json document = json::parse(R"([{"name": "t", "num_embeddings": 100, "embedding_dim": 16,
    "data_type": "DataType.FP16", "pooling": "MEAN", "feature_names": ["f", "g"],
    "pooling_factor": 2.5, "init_fn": "uniform"}])");
  const ImportedTables read = import_configs(document, "file");
  const Table& table = read.workload.tables.at(0);
  EXPECT_EQ(table.rows, 100);
  EXPECT_EQ(table.dim, 16);
  EXPECT_EQ(table.dtype, DataType::fp16);
  EXPECT_EQ(table.mode, PoolingMode::mean);
  EXPECT_EQ(table.features, (std::vector<std::string>{"f", "g"}));
  EXPECT_DOUBLE_EQ(table.pooling, 2.5);
  EXPECT_THAT(read.losses.at(0), HasSubstr("init_fn"));
}

TEST(ImportConfigs, SaysOfWhichTablesItAssumesOneIdPerSample) {
  const auto config = [](const char* name, bool pooled) {
    json made = {{"name", name}, {"num_embeddings", 9}, {"embedding_dim", 8}};
    if (pooled) made["pooling_factor"] = 3;
    return made;
  };
  EXPECT_THAT(import_configs({config("t", true), config("u", false)}, "file").losses,
              testing::ElementsAre(HasSubstr("how many ids of 'u' a sample has")));
  EXPECT_THAT(import_configs({config("t", false), config("u", false)}, "file").losses,
              testing::ElementsAre(HasSubstr("how many ids a sample has")));
  EXPECT_THAT(import_configs({config("t", true), config("u", true)}, "file").losses,
              testing::IsEmpty());
}

TEST(ImportConfigs, RefusesTypesThatTheProductDoesNotHave) {
  const json document = json::parse(
      R"([{"name": "t", "num_embeddings": 9, "embedding_dim": 8, "data_type": "INT8"}])");
  EXPECT_THROW(import_configs(document, "file"), InputError);
}

// Two bags of tables, of which two end alike, a dense layer, a bias and a table of integers.
json weights_header() {
  const auto tensor = [](const char* dtype, const char* shape) {
    return json{{"dtype", dtype}, {"shape", json::parse(shape)}, {"data_offsets", {0, 0}}};
  };
  return {{"__metadata__", {{"format", "pt"}}},
          {"model.bags.user.weight", tensor("F32", "[1000, 16]")},
          {"model.bags.item.weight", tensor("BF16", "[50, 32]")},
          {"model.others.item.weight", tensor("F16", "[7, 8]")},
          {"model.over.0.weight", tensor("F32", "[64, 13]")},
          {"model.over.0.bias", tensor("F32", "[64]")},
          {"model.bags.quantised", tensor("I8", "[64, 16]")}};
}

TEST(ImportSafetensors, TakesShapesAndTypesOfTables) {
  const ImportedTables read = import_safetensors(weights_header(), "file", {});
  std::map<std::string, Table> tables;
  for (const Table& table : read.workload.tables) tables[table.name] = table;
  ASSERT_EQ(tables.size(), 3U);
  EXPECT_EQ(tables.at("user").rows, 1000);
  EXPECT_EQ(tables.at("user").dim, 16);
  EXPECT_EQ(tables.at("model.bags.item").dtype, DataType::bf16) << "another ends alike";
  EXPECT_EQ(tables.at("model.others.item").dtype, DataType::fp16);
  const std::string losses = fmt::format("{}", fmt::join(read.losses, "\n"));
  EXPECT_THAT(losses, HasSubstr("model.bags.quantised, model.over.0.bias, model.over.0.weight."));
  EXPECT_THAT(losses, HasSubstr("--module"));
}

TEST(ImportSafetensors, TakesThoseBelowAPathAlone) {
  const ImportedTables read = import_safetensors(weights_header(), "file", "model.bags");
  ASSERT_EQ(read.workload.tables.size(), 2U);
  EXPECT_EQ(read.workload.tables[0].name, "item");
  EXPECT_THAT(fmt::format("{}", fmt::join(read.losses, "\n")), Not(HasSubstr("--module")));
  EXPECT_THAT(
      refusal_of<InputError>([] { import_safetensors(weights_header(), "file", "model.bag"); }),
      HasSubstr("no tensor of 'model.bag' is of a table's form"));
  EXPECT_THROW(import_safetensors(json::array(), "file", {}), InputError);
  EXPECT_THROW(import_safetensors(json::parse(R"({"a": {"dtype": "F32"}})"), "file", {}),
               InputError);
}

TEST(ExportCsv, HasOneLinePerShardAndQuotesNames) {
  Plan plan = plan_of_every_type();
  plan.workload.tables[1].name = "a,\"b\"";
  const std::string text = export_csv(plan).text;
  EXPECT_THAT(text, HasSubstr("\n\"a,\"\"b\"\"\",table_wise,0,10,0,16,3,640\n"));
  EXPECT_THAT(text, HasSubstr("\ndata_parallel,data_parallel,0,10,0,16,,640\n"));
}

}  // namespace
}  // namespace shardwright
