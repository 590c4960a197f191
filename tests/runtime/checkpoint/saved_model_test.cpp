#include "runtime/checkpoint/saved_model.hpp"

#include "costmodel/json/json_view.hpp"
#include "runtime/checkpoint/safetensors.hpp"
#include "runtime/comm/collectives.hpp"
#include "runtime/comm/thread_communicator.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace shardwright {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

using LocalShards = std::vector<ShardedEmbeddings::LocalShard>;

Table small_table(const std::string& name, std::int64_t rows, std::int64_t dim) {
  Table table;
  table.name = name;
  table.rows = rows;
  table.dim = dim;
  table.features = {name};
  return table;
}

/// Table "user" (4 × 8) cut into columns [0, 4) on rank 0 and [4, 8) on rank 1; "big" on rank 1.
Plan two_rank_plan(std::int64_t big_rows) {
  Plan plan;
  plan.workload.tables = {small_table("user", 4, 8), small_table("big", big_rows, 4)};
  plan.topology.ranks.resize(2);
  const auto cut = ShardingType::column_wise;
  plan.shards = {{TableId{0}, cut, 0, 4, 0, 4, RankId{0}},
                 {TableId{0}, cut, 0, 4, 4, 8, RankId{1}},
                 {TableId{1}, ShardingType::table_wise, 0, big_rows, 0, 4, RankId{1}}};
  return plan;
}

LocalShards shards_of(const Plan& plan, RankId rank, float value) {
  LocalShards shards;
  for (const Shard& shard : plan.shards) {
    if (!shard.on(rank)) continue;
    const auto rows = static_cast<std::size_t>(shard.rows());
    const auto size = rows * static_cast<std::size_t>(shard.columns());
    shards.push_back({shard, LineVector<float>(size, value), LineVector<float>(rows, value / 2)});
  }
  return shards;
}

void save(const std::string& folder, const Plan& plan, float value) {
  const std::vector<DenseModel::Parameter> dense = {{"top.0.bias", {1}, {value}}};
  run_ranks(2, [&](Communicator& comm) {
    const LocalShards shards = shards_of(plan, comm.rank(), value);
    save_model(comm, folder,
               {.plan = plan,
                .plan_id = "0123456789abcdef",
                .job_id = "fedcba9876543210",
                .shards = shards,
                .dense = dense,
                .config = {{"seed", 9}},
                .made_by = {.command = "test", .version = "1", .inputs = {}}});
  });
}

void save(const std::string& folder, std::int64_t big_rows, float value) {
  save(folder, two_rank_plan(big_rows), value);
}

class SavedModel : public testing::Test {
 protected:
  SavedModel() { fs::create_directories(folder_); }
  ~SavedModel() override { fs::remove_all(folder_); }

  std::vector<std::string> entries() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_)) {
      names.push_back(entry.path().filename().string());
    }
    return names;
  }

  std::string folder_ = testing::TempDir() + "saved_model_test." + std::to_string(getpid());
  std::string model_ = folder_ + "/model";
};

std::string text_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST_F(SavedModel, HoldsEveryRanksShards) {
  save(model_, 3, 1.5F);

  const SafetensorsReader first(model_ + "/rank-00000.safetensors");
  const SafetensorsReader second(model_ + "/rank-00001.safetensors");
  EXPECT_EQ(first.read("user/rows_0_4/cols_0_4/weights"), std::vector<float>(16, 1.5F));
  EXPECT_EQ(first.read("user/rows_0_4/cols_0_4/state"), std::vector<float>(4, 0.75F));
  EXPECT_THAT(first.entry("user/rows_0_4/cols_0_4/weights").shape, ElementsAre(4, 4));
  EXPECT_EQ(second.read("user/rows_0_4/cols_4_8/weights"), std::vector<float>(16, 1.5F));
  EXPECT_EQ(second.read("big/rows_0_3/cols_0_4/weights"), std::vector<float>(12, 1.5F));
  EXPECT_EQ(SafetensorsReader(model_ + "/dense.safetensors").read("top.0.bias"),
            std::vector<float>{1.5F});
}

TEST_F(SavedModel, IndexSaysWhereEveryShardIs) {
  save(model_, 3, 1.0F);

  const nlohmann::json index = read_json(model_ + "/index.json");
  expect_schema(JsonView(index, "index.json"), "model");
  EXPECT_EQ(index["plan_id"], "0123456789abcdef");
  EXPECT_EQ(index["job_id"], "fedcba9876543210");
  EXPECT_EQ(index["config"]["seed"], 9);
  const nlohmann::json& user = index["tables"][0];
  EXPECT_EQ(user["name"], "user");
  EXPECT_EQ(user["rows"], 4);
  EXPECT_EQ(user["dim"], 8);
  EXPECT_EQ(user["shards"][1]["col_begin"], 4);
  EXPECT_EQ(user["shards"][1]["file"], "rank-00001.safetensors");
  EXPECT_EQ(user["shards"][1]["name"], "user/rows_0_4/cols_4_8");
}

// On two ranks that both hold "all", of which rank 1 holds nothing else.
TEST_F(SavedModel, KeepsADataParallelTableOnceWithRankZero) {
  Plan plan;
  plan.workload.tables = {small_table("all", 4, 4), small_table("first", 2, 4)};
  plan.topology.ranks.resize(2);
  plan.shards = {{TableId{0}, ShardingType::data_parallel, 0, 4, 0, 4, {}},
                 {TableId{1}, ShardingType::row_wise, 0, 2, 0, 4, RankId{0}}};
  save(model_, plan, 1.0F);

  const SafetensorsReader first(model_ + "/rank-00000.safetensors");
  EXPECT_EQ(first.read("all/rows_0_4/cols_0_4/weights"), std::vector<float>(16, 1.0F));
  EXPECT_EQ(first.entries().size(), 4U);
  EXPECT_THAT(SafetensorsReader(model_ + "/rank-00001.safetensors").entries(), testing::IsEmpty());
  const nlohmann::json shards = read_json(model_ + "/index.json")["tables"][0]["shards"];
  ASSERT_EQ(shards.size(), 1U);
  EXPECT_EQ(shards[0]["file"], "rank-00000.safetensors");
  EXPECT_EQ(shards[0]["rank"], 0);
}

TEST_F(SavedModel, ChecksumsAreThoseOfTheFiles) {
  save(model_, 3, 1.0F);

  const nlohmann::json index = read_json(model_ + "/index.json");
  ASSERT_EQ(index["files"].size(), 3U);
  for (const auto& file : index["files"]) {
    const std::string bytes = text_of(model_ + "/" + file["file"].get<std::string>());
    EXPECT_EQ(file["bytes"], bytes.size());
    EXPECT_EQ(file["checksum"],
              fmt::format("fnv1a64:{:016x}",
                          add_to_checksum(kEmptyChecksum, std::as_bytes(std::span(bytes)))));
  }
}

TEST_F(SavedModel, ReplacesAnOldModelWhole) {
  save(model_, 3, 1.0F);
  std::ofstream(model_ + "/rank-00002.safetensors") << "of an old model on three ranks";

  save(model_, 5, 2.0F);

  EXPECT_THAT(entries(), ElementsAre("model"));
  EXPECT_FALSE(fs::exists(model_ + "/rank-00002.safetensors"));
  const SafetensorsReader second(model_ + "/rank-00001.safetensors");
  EXPECT_EQ(second.read("big/rows_0_5/cols_0_4/weights"), std::vector<float>(20, 2.0F));
}

TEST_F(SavedModel, StartsOverAPartialFolderOfADeadJob) {
  fs::create_directories(model_ + ".partial");
  std::ofstream(model_ + ".partial/rank-00005.safetensors") << "half";

  save(model_, 3, 1.0F);

  EXPECT_THAT(entries(), ElementsAre("model"));
  EXPECT_FALSE(fs::exists(model_ + "/rank-00005.safetensors"));
}

TEST_F(SavedModel, NeverTouchesAFolderThatHoldsAnythingElse) {
  for (const char* stage : {"", ".partial", ".old"}) {
    const std::string folder = model_ + stage;
    for (const char* foreign : {"thesis.txt", "rank-.safetensors", "rank-1x.safetensors", "sub"}) {
      fs::create_directories(folder + (foreign == std::string("sub") ? "/sub" : ""));
      if (foreign != std::string("sub")) std::ofstream(folder + "/" + foreign) << "years of work";
      try {
        save(model_, 3, 1.0F);
        FAIL() << "replaced " << folder << " with " << foreign;
      } catch (const CollectiveError& error) {
        EXPECT_EQ(error.code(), ExitCode::usage);
        EXPECT_THAT(error.what(), HasSubstr(folder + " stands where the model is to be saved"));
        EXPECT_THAT(error.what(), HasSubstr(foreign + std::string(" in it is no file")));
      }
      EXPECT_TRUE(fs::exists(folder + "/" + foreign));
      fs::remove_all(folder);
    }
  }
}

TEST_F(SavedModel, NeverReplacesAFile) {
  std::ofstream(model_) << "a file";
  EXPECT_THROW(save(model_, 3, 1.0F), CollectiveError);
  EXPECT_EQ(text_of(model_), "a file");
}

/// Saves in a process of its own whose files may have 64 KiB; returns its exit status, and its
/// message in `message_file`.
int save_with_little_space(const std::string& folder, std::int64_t big_rows,
                           const std::string& message_file) {
  const pid_t child = fork();
  if (child != 0) {
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  std::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit = {65536, 65536};
  setrlimit(RLIMIT_FSIZE, &limit);
  try {
    save(folder, big_rows, 2.0F);
    _exit(0);
  } catch (const CollectiveError& error) {
    std::ofstream(message_file) << error.what();
    _exit(static_cast<int>(error.code()));
  } catch (...) {
    _exit(99);
  }
}

// Rank 1's file is too large, rank 0's is not: neither may replace what was there.
TEST_F(SavedModel, KeepsTheOldModelWhenOneRankRunsOutOfSpace) {
  save(model_, 3, 1.0F);
  const std::string old_index = text_of(model_ + "/index.json");
  const std::string message_file = folder_ + "/message";

  EXPECT_EQ(save_with_little_space(model_, 10'000, message_file),
            static_cast<int>(ExitCode::environment));

  EXPECT_THAT(entries(), UnorderedElementsAre("model", "message"));
  EXPECT_EQ(text_of(model_ + "/index.json"), old_index);
  EXPECT_EQ(
      SafetensorsReader(model_ + "/rank-00001.safetensors").read("big/rows_0_3/cols_0_4/state"),
      std::vector<float>(3, 0.5F));
  const std::string message = text_of(message_file);
  EXPECT_THAT(message, HasSubstr("The model was not saved; what"));
  EXPECT_THAT(message, HasSubstr("1 of 2 ranks failed; first rank 1"));
  EXPECT_THAT(message, HasSubstr("rank-00001.safetensors cannot be written: File too large."));
}

TEST_F(SavedModel, SaysWhenTheFolderCannotBeMade) {
  std::ofstream(folder_ + "/file") << "in the way";
  try {
    save(folder_ + "/file/model", 3, 1.0F);
    FAIL() << "saved";
  } catch (const CollectiveError& error) {
    EXPECT_EQ(error.code(), ExitCode::environment);
    EXPECT_THAT(error.what(), HasSubstr("model.partial failed: Not a directory."));
  }
}

}  // namespace
}  // namespace shardwright
