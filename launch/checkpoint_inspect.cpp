#include "costmodel/bytes.hpp"
#include "launch/checkpoint_options.hpp"
#include "runtime/checkpoint/saved_index.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace shardwright {
namespace {

using nlohmann::json;

struct InspectArguments {
  std::string path;
  bool json = false;
};

std::int64_t bytes_of(const SavedIndex& index) {
  std::int64_t bytes = 0;
  for (const SavedFile& file : index.files) bytes += file.record.bytes;
  return bytes;
}

std::string state_text(const SavedTable& table) {
  std::string text;
  for (const StatePart& part : table.state) {
    text += fmt::format("{}{} per {}", text.empty() ? "" : ", ", part.name,
                        part.per_column ? "weight" : "row");
  }
  return text.empty() ? "none" : text;
}

json table_to_json(const SavedTable& table) {
  return {{"name", table.name},
          {"rows", table.rows},
          {"dim", table.dim},
          {"optimizer", to_string(table.optimizer)},
          {"shards", table.shards.size()}};
}

json to_json(const std::string& folder, const SavedIndex& index) {
  json tables = json::array();
  for (const SavedTable& table : index.tables) tables.push_back(table_to_json(table));
  json document = {{"folder", folder},         {"kind", to_string(index.kind)},
                   {"plan_id", index.plan_id}, {"job_id", index.job_id},
                   {"ranks", index.ranks},     {"files", index.files.size()},
                   {"bytes", bytes_of(index)}, {"tables", tables},
                   {"config", index.config},   {"made_by", index.made_by}};
  if (index.kind == SavedKind::checkpoint) document["progress"] = index.progress;
  return document;
}

void print(const std::string& folder, const SavedIndex& index) {
  fmt::print("{}: {} of {} tables, {} in {} files, written by {} rank{} under plan {}\n", folder,
             to_string(index.kind), index.tables.size(), format_bytes(Bytes(bytes_of(index))),
             index.files.size(), index.ranks, index.ranks == 1 ? "" : "s", index.plan_id);
  if (index.kind == SavedKind::checkpoint) {
    fmt::print("after step {} of job {}, {} samples\n", index.progress.at("step").dump(),
               index.job_id, index.progress.at("samples").dump());
  }
  std::size_t width = 5;
  for (const SavedTable& table : index.tables) width = std::max(width, table.name.size());
  fmt::print("{:{}}  {:>12}  {:>5}  {:>6}  {:16} state\n", "table", width, "rows", "dim", "shards",
             "optimizer");
  for (const SavedTable& table : index.tables) {
    fmt::print("{:{}}  {:>12}  {:>5}  {:>6}  {:16} {}\n", table.name, width, table.rows, table.dim,
               table.shards.size(), to_string(table.optimizer), state_text(table));
  }
}

void run(const InspectArguments& arguments) {
  const std::string folder = saved_folder(arguments.path);
  const SavedIndex index = read_saved_index(folder);
  if (arguments.json) {
    fmt::print("{}\n", to_json(folder, index).dump(1));
  } else {
    print(folder, index);
  }
}

}  // namespace

void add_checkpoint_inspect(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "inspect", "Say what a saved model or checkpoint holds; reads its index alone");
  command->footer(
      "Examples:\n"
      "  shardwright checkpoint inspect out\n"
      "  shardwright checkpoint inspect out/model --json");
  const auto arguments = std::make_shared<InspectArguments>();
  add_saved_folder(*command, arguments->path);
  command->add_flag("--json", arguments->json, "Print one JSON document");
  command->callback([arguments] { run(*arguments); });
}

}  // namespace shardwright
