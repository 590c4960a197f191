#include "costmodel/json/json_view.hpp"
#include "runtime/checkpoint/model_folder.hpp"
#include "runtime/checkpoint/safetensors.hpp"
#include "runtime/checkpoint/saved_index.hpp"
#include "tests/fuzz/scratch_folder.hpp"
#include "tests/fuzz/targets.hpp"

#include <stdexcept>
#include <string>

namespace shardwright::fuzz {
namespace {

// An index of a kind that must state its checksum is given it: else no change of one is read on.
std::string with_checksum(std::string_view input) {
  nlohmann::json document = parse_json(input, kModelIndexFile);
  if (!document.is_object() || document.value("checksum", nlohmann::json()) != "right") {
    return std::string(input);
  }
  document.erase("checksum");
  document["checksum"] = checksum_of(document);
  return document.dump();
}

void require_name(const std::string& file) {
  if (file.find('/') != std::string::npos || file == "..") {
    throw std::logic_error("an index leads out of its folder: " + file);
  }
}

}  // namespace

void read_safetensors_file(std::string_view input) {
  const SafetensorsReader reader(scratch().write("rank-00000.safetensors", input));
  for (const SafetensorsReader::Entry& entry : reader.entries()) reader.read(entry.name);
}

void read_checkpoint_index(std::string_view input) {
  scratch().write(kModelIndexFile, with_checksum(input));
  const SavedIndex index = read_saved_index(scratch().path());
  require_name(index.dense);
  for (const SavedFile& file : index.files) require_name(file.file);
  for (const SavedTable& table : index.tables) {
    state_width(table.state, table.dim);
    for (const SavedShard& shard : table.shards) require_name(shard.file);
  }
}

}  // namespace shardwright::fuzz
