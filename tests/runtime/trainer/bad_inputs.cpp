#include "tests/runtime/trainer/bad_inputs.hpp"

#include "costmodel/json/json_view.hpp"
#include "tests/runtime/trainer/training_run.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

namespace shardwright {
namespace {

BadInput bad_table(const std::string& name, const std::string& message, const std::string& rows,
                   const std::string& dim = "12", const std::string& more = "") {
  return {name, message, [=](const std::string& data) {
            write_user_table(data, rows, dim, more);
            return std::string();
          }};
}

std::string write_malformed_tables(const std::string& data) {
  std::ofstream(data + "/tables.json") << "{\n  \"schema\": ";
  return {};
}

/// A link to itself: not even root can read that.
std::string make_unreadable(const std::string& data) {
  const std::string file = data + "/train/labels.f32";
  std::filesystem::remove(file);
  std::filesystem::create_symlink("labels.f32", file);
  return {};
}

std::string write_made_by(const std::string& data) {
  const std::string file = data + "/train/meta.json";
  nlohmann::json meta = read_json(file);
  meta["made_by"] = 3;
  std::ofstream(file) << meta;
  return {};
}

std::string truncate(const std::string& data) {
  std::filesystem::resize_file(data + "/train/feature_3.weights.f32", 4);
  return {};
}

std::string plan_other_tables(const std::string& data) {
  Plan plan = whole_tables(4);
  plan.workload.tables[1].name = "other";
  return write_plan(data + "/plan.json", plan);
}

std::string plan_other_ranks(const std::string& data) {
  return write_plan(data + "/plan.json", whole_tables(3));
}

}  // namespace

void write_user_table(const std::string& data, const std::string& rows, const std::string& dim,
                      const std::string& more) {
  std::ofstream(data + "/tables.json") << fmt::format(
      R"({{"schema": "shardwright.tables/1", "batch_size": 32, "tables": [
           {{"name": "user", "rows": {}, "dim": {}{}}},
           {{"name": "item", "rows": 30, "dim": 12, "features": ["clicked", "shown"]}},
           {{"name": "tag", "rows": 50, "dim": 12, "mode": "mean", "weighted": true}}]}})",
      rows, dim, more);
}

std::vector<BadInput> bad_inputs() {
  return {
      bad_table("NegativeRows", "tables[0].rows is -40", "-40"),
      bad_table("RowsThatOverflow", "tables[0].rows is 1e+20, expected an integer",
                "99999999999999999999"),
      bad_table("ADimThatIsNoMultipleOf4", "tables[0].dim is 10", "40", "10"),
      bad_table("ANameThatComesTwice", "name is \"item\"", "40", "12",
                R"(}, {"name": "item", "rows": 9, "dim": 12)"),
      bad_table("NegativePooling", "tables[0].pooling is -1", "40", "12", R"(, "pooling": -1)"),
      bad_table("PoolingThatIsNoNumber", "line 2, column", "40", "12", R"(, "pooling": NaN)"),
      bad_table("AnUnknownKey", "did you mean \"pooling\"?", "40", "12", R"(, "poling": 2)"),
      {"MalformedTables", "tables.json: line 2, column", write_malformed_tables},
      {"AnUnreadableFile", "labels.f32", make_unreadable},
      {"MetaMadeByANumber", "made_by", write_made_by},
      {"ATruncatedFile", "feature_3.weights.f32", truncate},
      {"APlanForOtherTables", "is for other tables than", plan_other_tables},
      {"APlanForOtherRanks", "is for 3 ranks, but this job has 4", plan_other_ranks},
  };
}

}  // namespace shardwright
