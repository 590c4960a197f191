#include "costmodel/errors.hpp"
#include "costmodel/json/json_view.hpp"
#include "planner/coverage.hpp"
#include "runtime/checkpoint/model_folder.hpp"
#include "runtime/checkpoint/saved_index.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace shardwright {
namespace {

using nlohmann::json;

SavedShard read_shard(const JsonView& view, const SavedTable& table) {
  SavedShard shard;
  shard.row_begin = view.at("row_begin").integer(0, table.rows - 1);
  shard.row_end = view.at("row_end").integer(shard.row_begin + 1, table.rows);
  shard.col_begin = view.at("col_begin").integer(0, table.dim - 1);
  shard.col_end = view.at("col_end").integer(shard.col_begin + 1, table.dim);
  shard.rank = view.at("rank").integer(0);
  shard.file = view.at("file").string();
  shard.name = view.at("name").string();
  return shard;
}

void require_tiled(const JsonView& view, const SavedTable& saved) {
  Table table;
  table.name = saved.name;
  table.rows = saved.rows;
  table.dim = saved.dim;
  std::vector<Shard> shards;
  shards.reserve(saved.shards.size());
  for (const SavedShard& s : saved.shards) {
    shards.push_back(
        {TableId{0}, ShardingType::grid, s.row_begin, s.row_end, s.col_begin, s.col_end, {}});
  }
  const std::vector<std::string> problems = coverage_problems(table, shards);
  if (!problems.empty()) throw InputError(view.file() + ": " + problems.front());
}

std::vector<StatePart> read_parts(const JsonView& view) {
  std::vector<StatePart> parts;
  for (const JsonView& part : view.elements()) {
    const std::string per = part.at("per").string();
    if (per != "row" && per != "column") part.at("per").fail("row or column");
    parts.push_back({part.at("name").string(), per == "column"});
  }
  return parts;
}

SavedTable read_table(const JsonView& view) {
  constexpr std::int64_t kMost = std::int64_t{1} << 40;
  SavedTable table;
  table.name = view.at("name").string();
  table.rows = view.at("rows").integer(1, kMost);
  table.dim = view.at("dim").integer(1, std::int64_t{1} << 20);
  table.optimizer = parse_optimizer(view.at("optimizer").string());
  // Models of before state was listed have sgd without momentum.
  const auto state = view.find("state");
  table.state = state ? read_parts(*state) : state_parts(table.optimizer);
  for (const JsonView& shard : view.at("shards").elements()) {
    table.shards.push_back(read_shard(shard, table));
  }
  require_tiled(view, table);
  return table;
}

SavedFile read_file(const JsonView& view) {
  SavedFile file;
  file.file = view.at("file").string();
  if (!is_saved_file(file.file)) view.at("file").fail("the name of a saved file");
  file.record.bytes = view.at("bytes").integer(0);
  const std::string checksum = view.at("checksum").string();
  const std::string digits = checksum.substr(std::min(checksum.size(), kChecksumPrefix.size()));
  if (!checksum.starts_with(kChecksumPrefix) || digits.size() != 16 ||
      digits.find_first_not_of("0123456789abcdef") != std::string::npos) {
    view.at("checksum").fail("fnv1a64: and 16 hexadecimal digits");
  }
  file.record.checksum = std::stoull(digits, nullptr, 16);
  return file;
}

void require_own_checksum(json document, const std::string& file, bool required) {
  const auto found = document.find("checksum");
  if (found == document.end() && !required) return;
  const json said = found == document.end() ? json() : *found;
  document.erase("checksum");
  if (said == checksum_of(document)) return;
  throw InputError(
      fmt::format("{} is damaged: its contents do not have the checksum {} that it states.", file,
                  said.dump()));
}

void require_listed(const SavedIndex& index, const std::string& used, const std::string& path) {
  const auto is_used = [&](const SavedFile& file) { return file.file == used; };
  const auto count = std::count_if(index.files.begin(), index.files.end(), is_used);
  if (count == 1) return;
  throw InputError(
      fmt::format("{}: {} is listed {} times among its files, expected once.", path, used, count));
}

void require_files_listed(const SavedIndex& index, const std::string& path) {
  require_listed(index, index.dense, path);
  for (const SavedTable& table : index.tables) {
    for (const SavedShard& shard : table.shards) require_listed(index, shard.file, path);
  }
}

SavedKind read_kind(const JsonView& view) {
  const bool is_checkpoint = view.at("schema").string() == "shardwright.checkpoint/1";
  expect_schema(view, is_checkpoint ? "checkpoint" : "model");
  return is_checkpoint ? SavedKind::checkpoint : SavedKind::model;
}

}  // namespace

SavedIndex read_saved_index(const std::string& folder) {
  const std::string path = fmt::format("{}/{}", folder, kModelIndexFile);
  const json document = read_json(path);
  const JsonView view(document, path);
  SavedIndex index;
  index.kind = read_kind(view);
  require_own_checksum(document, path, index.kind == SavedKind::checkpoint);
  index.plan_id = view.at("plan_id").string();
  index.job_id = view.at("job_id").string();
  index.ranks = view.at("ranks").integer(1);
  index.config = view.at("config").raw();
  for (const JsonView& table : view.at("tables").elements()) {
    index.tables.push_back(read_table(table));
  }
  index.dense = view.at("dense").string();
  for (const JsonView& file : view.at("files").elements()) index.files.push_back(read_file(file));
  require_files_listed(index, path);
  index.made_by = view.at("made_by").raw();
  if (index.kind == SavedKind::checkpoint) {
    index.identity = view.at("identity").raw();
    index.progress = view.at("progress").raw();
  }
  return index;
}

}  // namespace shardwright
