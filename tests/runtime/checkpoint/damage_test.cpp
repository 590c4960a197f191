// No damage to a saved folder goes unseen: every bit of every file counts.

#include "costmodel/json/json_view.hpp"
#include "runtime/checkpoint/saved_model.hpp"
#include "runtime/comm/thread_communicator.hpp"
#include "tests/runtime/embedding/synthetic_run.hpp"
#include "tests/runtime/trainer/training_run.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>

namespace shardwright {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

std::string text_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

void write_text(const std::string& file, const std::string& text) {
  std::ofstream(file, std::ios::binary) << text;
}

class Damage : public testing::Test {
 protected:
  /// A checkpoint of two ranks.
  Damage() {
    const Plan plan = synthetic::make_plan({}, synthetic::Sharding::every, 2, 1);
    const std::vector<DenseModel::Parameter> dense = {{"top.0.bias", {1}, {1.5F}}};
    run_ranks(2, [&](Communicator& comm) {
      const ShardedEmbeddings embeddings(plan, comm, {});
      save_model(comm, checkpoint_,
                 {.plan = plan,
                  .plan_id = "0123456789abcdef",
                  .job_id = "fedcba9876543210",
                  .shards = embeddings.local_shards(),
                  .dense = dense,
                  .config = {{"learning_rate", 0.1}},
                  .made_by = {.command = "test", .version = "1", .inputs = {}},
                  .kind = SavedKind::checkpoint,
                  .identity = {{"seed", 1}},
                  .progress = {{"step", 12}}});
    });
  }

  /// What reading everything says; nothing if all is well.
  std::string complaint() const {
    try {
      const SavedIndex index = read_saved_index(checkpoint_);
      for (const SavedFile& file : index.files) verify_file(checkpoint_, file);
      return "";
    } catch (const InputError& error) {
      return error.what();
    }
  }

  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(checkpoint_)) {
      names.push_back(entry.path().filename().string());
    }
    return names;
  }

  TestFolder folder_;
  std::string checkpoint_ = folder_ / "checkpoint";
};

TEST_F(Damage, ASoundCheckpointIsAccepted) {
  EXPECT_EQ(complaint(), "");
  EXPECT_EQ(files().size(), 4U);
}

TEST_F(Damage, AFlippedBitIsFound) {
  std::mt19937_64 draw(1);
  for (const std::string& name : files()) {
    const std::string whole = text_of(checkpoint_ + "/" + name);
    for (int i = 0; i < 100; ++i) {
      std::string damaged = whole;
      const std::size_t position = draw() % whole.size();
      const int bit = static_cast<int>(draw() % 8);
      damaged[position] = static_cast<char>(damaged[position] ^ (1 << bit));
      write_text(checkpoint_ + "/" + name, damaged);
      const std::string said = complaint();
      EXPECT_THAT(said, HasSubstr(name)) << "at " << position << " bit " << bit;
    }
    write_text(checkpoint_ + "/" + name, whole);
  }
}

TEST_F(Damage, ATruncatedFileIsFound) {
  for (const std::string& name : files()) {
    const std::string whole = text_of(checkpoint_ + "/" + name);
    for (const std::size_t left : {std::size_t{0}, whole.size() / 2, whole.size() - 2}) {
      fs::resize_file(checkpoint_ + "/" + name, left);
      EXPECT_THAT(complaint(), HasSubstr(name)) << left;
    }
    write_text(checkpoint_ + "/" + name, whole + "x");
    EXPECT_THAT(complaint(), HasSubstr(name));
    write_text(checkpoint_ + "/" + name, whole);
  }
}

TEST_F(Damage, AMissingFileIsFound) {
  for (const std::string& name : files()) {
    fs::rename(checkpoint_ + "/" + name, folder_ / "away");
    EXPECT_THAT(complaint(), HasSubstr(name));
    fs::rename(folder_ / "away", checkpoint_ + "/" + name);
  }
}

/// index.json with other contents, whose own checksum is right.
std::string with_checksum(nlohmann::json index) {
  index.erase("checksum");
  index["checksum"] = checksum_of(index);
  return index.dump();
}

TEST_F(Damage, AnIndexCannotLeadOutOfItsFolder) {
  const nlohmann::json index = read_json(checkpoint_ + "/index.json");
  for (const char* name : {"../rank-00000.safetensors", "/etc/passwd", "index.json/..", ""}) {
    nlohmann::json other = index;
    other["files"][0]["file"] = name;
    write_text(checkpoint_ + "/index.json", with_checksum(other));
    EXPECT_THAT(complaint(), HasSubstr("the name of a saved file")) << name;
    other = index;
    other["dense"] = name;
    write_text(checkpoint_ + "/index.json", with_checksum(other));
    EXPECT_THAT(complaint(), HasSubstr("is listed 0 times")) << name;
  }
}

TEST_F(Damage, ShardsMustTileTheirTables) {
  nlohmann::json index = read_json(checkpoint_ + "/index.json");
  index["tables"][0]["shards"].erase(0);
  write_text(checkpoint_ + "/index.json", with_checksum(index));
  EXPECT_THAT(complaint(), HasSubstr("index.json"));
}

}  // namespace
}  // namespace shardwright
