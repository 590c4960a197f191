#include "runtime/checkpoint/saved_index.hpp"

#include "costmodel/names.hpp"
#include "runtime/checkpoint/model_folder.hpp"

#include <fmt/format.h>

#include <span>

namespace shardwright {
namespace {

using nlohmann::json;

constexpr Names<SavedKind, 2> kKinds = {
    {{SavedKind::model, "model"}, {SavedKind::checkpoint, "checkpoint"}}};

std::string checksum_text(std::uint64_t checksum) {
  return fmt::format("{}{:016x}", kChecksumPrefix, checksum);
}

json to_json(const SavedShard& shard) {
  return {{"row_begin", shard.row_begin},
          {"row_end", shard.row_end},
          {"col_begin", shard.col_begin},
          {"col_end", shard.col_end},
          {"rank", shard.rank},
          {"file", shard.file},
          {"name", shard.name}};
}

json to_json(const SavedTable& table) {
  json state = json::array();
  for (const StatePart& part : table.state) {
    state.push_back({{"name", part.name}, {"per", part.per_column ? "column" : "row"}});
  }
  json shards = json::array();
  for (const SavedShard& shard : table.shards) shards.push_back(to_json(shard));
  return {{"name", table.name}, {"rows", table.rows},
          {"dim", table.dim},   {"optimizer", to_string(table.optimizer)},
          {"state", state},     {"shards", shards}};
}

json to_json(const SavedFile& file) {
  return {{"file", file.file},
          {"bytes", file.record.bytes},
          {"checksum", checksum_text(file.record.checksum)}};
}

}  // namespace

std::string_view to_string(SavedKind kind) { return name_of(kind, kKinds); }

std::string checksum_of(const json& document) {
  const std::string text = document.dump();
  return checksum_text(add_to_checksum(kEmptyChecksum, std::as_bytes(std::span(text))));
}

std::string index_text(const SavedIndex& index) {
  json tables = json::array();
  for (const SavedTable& table : index.tables) tables.push_back(to_json(table));
  json files = json::array();
  for (const SavedFile& file : index.files) files.push_back(to_json(file));
  json document = {{"schema", fmt::format("shardwright.{}/1", to_string(index.kind))},
                   {"plan_id", index.plan_id},
                   {"job_id", index.job_id},
                   {"ranks", index.ranks},
                   {"config", index.config},
                   {"tables", tables},
                   {"dense", index.dense},
                   {"files", files},
                   {"made_by", index.made_by}};
  if (index.kind == SavedKind::checkpoint) {
    document["identity"] = index.identity;
    document["progress"] = index.progress;
  }
  document["checksum"] = checksum_of(document);
  return document.dump(1) + "\n";
}

void write_index(const std::string& folder, const SavedIndex& index) {
  const std::string text = index_text(index);
  OutputFile output(fmt::format("{}/{}", folder, kModelIndexFile));
  output.write(std::as_bytes(std::span(text)));
  output.finish();
  sync_folder(folder);
}

}  // namespace shardwright
