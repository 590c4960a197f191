#include "runtime/checkpoint/export_weights.hpp"

#include "costmodel/errors.hpp"
#include "runtime/checkpoint/row_pieces.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <system_error>
#include <vector>

namespace shardwright {
namespace {

namespace fs = std::filesystem;

/// A tensor of the exported file and what writes its values.
struct Export {
  TensorShape shape;
  std::function<void(SafetensorsWriter&)> write;
};

WantedShard whole(const SavedTable& table) {
  return {table.name, 0, table.rows, 0, table.dim, {}, {}};
}

/// Writes one part of every row's state, which starts at value `first` of the row.
void write_part(ShardLoader& loader, const SavedTable& table, std::int64_t first,
                std::int64_t count, SafetensorsWriter& writer) {
  const std::int64_t width = state_width(table.state, table.dim);
  constexpr auto kValues = kPieceBytes / static_cast<std::int64_t>(sizeof(float));
  const std::int64_t at_once = std::max<std::int64_t>(1, kValues / width);
  std::vector<float> rows;
  std::vector<float> part;
  for (std::int64_t row = 0; row < table.rows; row += at_once) {
    WantedShard wanted = whole(table);
    wanted.row_begin = row;
    wanted.row_end = std::min(table.rows, row + at_once);
    rows.resize(static_cast<std::size_t>(wanted.rows() * width));
    wanted.state = rows;
    loader.load(wanted);
    part.clear();
    for (auto from = rows.begin(); from != rows.end(); from += width) {
      part.insert(part.end(), from + first, from + first + count);
    }
    writer.write(part);
  }
}

void add_table(ShardLoader& loader, const SavedTable& table, bool with_state,
               std::vector<Export>& exports) {
  exports.push_back(
      {{table.name + ".weight", {table.rows, table.dim}}, [&](SafetensorsWriter& writer) {
         copy_in_pieces(loader, whole(table), SavedTensor::weights, writer);
       }});
  if (!with_state) return;
  std::int64_t first = 0;
  for (const StatePart& part : table.state) {
    const std::int64_t count = part.per_column ? table.dim : 1;
    TensorShape shape{table.name + "." + part.name, {table.rows}};
    if (part.per_column) shape.shape.push_back(table.dim);
    exports.push_back({shape, [&loader, &table, first, count](SafetensorsWriter& writer) {
                         write_part(loader, table, first, count, writer);
                       }});
    first += count;
  }
}

/// `bottom.0.weight` is Adagrad's sum of squares, `bottom.0.weight/m` Adam's m.
std::string exported_state(std::string name) {
  const std::size_t slash = name.find('/');
  if (slash == std::string::npos) return name + ".square_sum";
  name[slash] = '.';
  return name;
}

void add_dense(const SafetensorsReader& reader, bool with_state, std::vector<Export>& exports) {
  static constexpr std::string_view kState = "/state";
  for (const SafetensorsReader::Entry& entry : reader.entries()) {
    std::string name = entry.name;
    if (name.ends_with(kState)) {
      if (!with_state) continue;
      name = exported_state(name.substr(0, name.size() - kState.size()));
    }
    exports.push_back({{name, entry.shape},
                       [&](SafetensorsWriter& writer) { writer.write(reader.read(entry.name)); }});
  }
}

void write_all(const std::string& file, const std::vector<Export>& exports) {
  std::vector<TensorShape> shapes;
  shapes.reserve(exports.size());
  for (const Export& tensor : exports) shapes.push_back(tensor.shape);
  SafetensorsWriter writer(file, shapes);
  for (const Export& tensor : exports) tensor.write(writer);
  writer.finish();
}

void put_in_place(const std::string& partial, const std::string& file) {
  std::error_code error;
  fs::rename(partial, file, error);
  if (error) throw EnvironmentError(fmt::format("{}: {}.", file, error.message()));
  const fs::path folder = fs::path(file).parent_path();
  sync_folder(folder.empty() ? "." : folder.string());
}

}  // namespace

void export_weights(const std::string& from, const std::string& file, bool with_state) {
  const SavedIndex index = read_saved_index(from);
  for (const SavedFile& saved : index.files) verify_file(from, saved);
  ShardLoader loader(from, index);
  const SafetensorsReader dense(from + "/" + index.dense);
  std::vector<Export> exports;
  for (const SavedTable& table : index.tables) add_table(loader, table, with_state, exports);
  add_dense(dense, with_state, exports);
  const std::string partial = file + ".partial";
  try {
    write_all(partial, exports);
    put_in_place(partial, file);
  } catch (...) {
    std::error_code ignored;  // the first failure is the one to report
    fs::remove(partial, ignored);
    throw;
  }
}

}  // namespace shardwright
