#pragma once

#include "costmodel/table.hpp"
#include "runtime/checkpoint/output_file.hpp"
#include "runtime/checkpoint/state_parts.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace shardwright {

/// What a folder of saved tensors holds.
enum class SavedKind {
  model,      ///< weights and embedding state: what a finished training leaves
  checkpoint  ///< also the dense state and how far the job was: a training can go on from it
};
std::string_view to_string(SavedKind kind);

/// A rectangle of one table, where it lies. Ranges are half open.
struct SavedShard {
  std::int64_t row_begin = 0;
  std::int64_t row_end = 0;
  std::int64_t col_begin = 0;
  std::int64_t col_end = 0;
  std::int64_t rank = 0;  ///< that wrote it
  std::string file;       ///< within the folder
  std::string name;       ///< of its tensors: NAME/weights and, if there are parts, NAME/state
  std::int64_t rows() const { return row_end - row_begin; }
  std::int64_t columns() const { return col_end - col_begin; }
};

struct SavedTable {
  std::string name;
  std::int64_t rows = 0;
  std::int64_t dim = 0;
  OptimizerKind optimizer = OptimizerKind::rowwise_adagrad;
  std::vector<StatePart> state;
  std::vector<SavedShard> shards;  ///< tile rows × dim
};

struct SavedFile {
  std::string file;
  FileRecord record;
};

/// index.json of a saved model or checkpoint (docs/checkpoints.md).
struct SavedIndex {
  SavedKind kind = SavedKind::model;
  std::string plan_id;
  std::string job_id;
  std::int64_t ranks = 0;
  nlohmann::json config;  ///< of the training
  std::vector<SavedTable> tables;
  std::string dense;  ///< file of the dense part
  std::vector<SavedFile> files;
  nlohmann::json identity;  ///< of a checkpoint: what a job must have in common to go on
  nlohmann::json progress;  ///< of a checkpoint: training_progress.hpp
  nlohmann::json made_by;
};

/// Before the digits of a checksum in an index.
inline constexpr std::string_view kChecksumPrefix = "fnv1a64:";

/// The checksum that an index states of itself: of what it holds beside it, put down on one line
/// with sorted keys.
std::string checksum_of(const nlohmann::json& document);

/// The text of index.json, which ends with a checksum of its own.
std::string index_text(const SavedIndex& index);

/// Writes it as FOLDER/index.json, the last of the folder's files, and brings all their names to
/// the disk. Throws EnvironmentError.
void write_index(const std::string& folder, const SavedIndex& index);

/// Reads FOLDER/index.json and checks that it agrees with itself: its checksum, shards that tile
/// their tables, files that are listed and have no names but those of saved files, so that none
/// leads out of the folder. Reads no other file. Throws InputError that names the file.
SavedIndex read_saved_index(const std::string& folder);

/// Reads the whole of FOLDER/`file` (in bounded memory). Throws InputError, with path and reason,
/// unless it is there and has the bytes that the index says.
void verify_file(const std::string& folder, const SavedFile& file);

}  // namespace shardwright
