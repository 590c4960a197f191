#include "planner/spec/tables_csv.hpp"

#include "costmodel/errors.hpp"
#include "costmodel/json/json_view.hpp"
#include "planner/spec/cell.hpp"
#include "planner/spec/csv.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

namespace shardwright {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 12> kColumns = {
    "name",  "rows",      "dim",      "pooling",      "mode",   "weighted",
    "dtype", "optimizer", "features", "num_features", "output", "model"};
constexpr std::int64_t kMostFeatures = 100'000;
constexpr std::size_t kMostNameBytes = std::size_t{1} << 23;  // of names made up for a whole file

// A row's cells by column name.
class Cells {
 public:
  Cells(const CsvDocument& document, const CsvRow& row, const std::string& file)
      : document_(document), row_(row), file_(file) {}

  // Empty if there is no such column or nothing in the cell.
  std::string find(std::string_view column) const {
    const auto index = document_.column(column);
    return index ? row_.cells[*index] : "";
  }
  std::string place() const { return fmt::format("line {}", row_.line); }
  [[noreturn]] void fail(std::string_view column, std::string_view expected) const {
    throw InputError(fmt::format("{}: line {}.{} is \"{}\", expected {}.", file_, row_.line, column,
                                 find(column), expected));
  }

 private:
  const CsvDocument& document_;
  const CsvRow& row_;
  const std::string& file_;
};

json dim_of(const Cells& cells, const CsvOptions& options, const std::string& file) {
  const std::string cell = cells.find("dim");
  if (!cell.empty()) return number_or_text(cell);
  if (options.embedding_dim) return *options.embedding_dim;
  throw InputError(fmt::format(
      "{}: {} has no dim. Write it there, or give --embedding-dim for all tables without one.",
      file, cells.place()));
}

json mode_of(const Cells& cells) {
  const std::string output = cells.find("output");
  if (output.empty()) return cells.find("mode");
  if (output != "pooled" && output != "sequence") cells.fail("output", "pooled or sequence");
  if (!cells.find("mode").empty()) cells.fail("mode", "nothing beside the column output");
  return output == "pooled" ? "sum" : "none";
}

json weighted_of(const Cells& cells) {
  const std::string cell = cells.find("weighted");
  if (cell == "1" || cell == "true") return true;
  if (cell == "0" || cell == "false") return false;
  cells.fail("weighted", "true, false, 1 or 0");
}

// A short line may ask for many names: `names_left` are the bytes that they may still take.
json numbered_features(const Cells& cells, std::int64_t count, std::size_t& names_left) {
  constexpr std::size_t kBesideName = 64;  // the number, and what holds the name
  const std::string name = cells.find("name");
  const std::size_t bytes = static_cast<std::size_t>(count) * (name.size() + kBesideName);
  if (bytes > names_left) {
    cells.fail("num_features", fmt::format("names of features that fill no more than {} MiB in all",
                                           kMostNameBytes >> 20));
  }
  names_left -= bytes;
  json features = json::array();
  for (std::int64_t i = 0; i < count; ++i) features.push_back(fmt::format("{}.{}", name, i));
  return features;
}

json features_of(const Cells& cells, std::size_t& names_left) {
  json features = json::array();
  if (const std::string listed = cells.find("features"); !listed.empty()) {
    for (const std::string_view feature : split_list(listed, ';')) features.emplace_back(feature);
    return features;
  }
  const json number = number_or_text(cells.find("num_features"));
  if (!number.is_number_integer() || number < 1 || number > kMostFeatures) {
    cells.fail("num_features", fmt::format("an integer from 1 to {}", kMostFeatures));
  }
  const auto count = number.get<std::int64_t>();
  if (count == 1) return {cells.find("name")};
  return numbered_features(cells, count, names_left);
}

SpecEntry entry_of(const Cells& cells, const CsvOptions& options, const std::string& file,
                   std::size_t& names_left) {
  const auto has = [&](std::string_view column) { return !cells.find(column).empty(); };
  json table = {{"name", cells.find("name")},
                {"rows", number_or_text(cells.find("rows"))},
                {"dim", dim_of(cells, options, file)}};
  if (has("pooling")) table["pooling"] = number_or_text(cells.find("pooling"));
  if (has("mode") || has("output")) table["mode"] = mode_of(cells);
  if (has("weighted")) table["weighted"] = weighted_of(cells);
  if (has("dtype")) table["dtype"] = cells.find("dtype");
  if (has("optimizer")) table["optimizer"] = cells.find("optimizer");
  if (has("features") || has("num_features")) table["features"] = features_of(cells, names_left);
  return {std::move(table), cells.place()};
}

void require_columns(const CsvDocument& document, const CsvOptions& options,
                     const std::string& file) {
  for (const std::string_view needed : {"name", "rows", "dim"}) {
    if (document.column(needed) || (needed == "dim" && options.embedding_dim)) continue;
    const std::string guess = nearest(needed, document.header);
    throw InputError(fmt::format(
        "{}: line 1: the header has no column '{}'{} Columns are {}.", file, needed,
        guess.empty() ? "." : fmt::format("; is it '{}'?", guess), fmt::join(kColumns, ", ")));
  }
}

// With the column that may be meant in its place, of those that are not there.
std::string ignored_column(const CsvDocument& document, const std::string& name) {
  std::vector<std::string> absent;
  for (const std::string_view column : kColumns) {
    if (!document.column(column)) absent.emplace_back(column);
  }
  const std::string guess = nearest(name, absent);
  return guess.empty() ? name : fmt::format("{} (did you mean {}?)", name, guess);
}

std::vector<std::string> ignored_columns(const CsvDocument& document) {
  std::vector<std::string> ignored;
  for (const std::string& name : document.header) {
    if (std::find(kColumns.begin(), kColumns.end(), name) == kColumns.end())
      ignored.push_back(ignored_column(document, name));
  }
  return ignored;
}

// Leaves the rows of the chosen model; a file of one model needs no choice.
void keep_model(CsvDocument& document, const std::string& model, const std::string& file) {
  const auto column = document.column("model");
  std::map<std::string, std::size_t> counts;
  for (const CsvRow& row : document.rows) ++counts[column ? row.cells[*column] : ""];
  if (model.empty() && counts.size() <= 1) return;
  if (counts.contains(model) && column) {
    std::erase_if(document.rows, [&](const CsvRow& row) { return row.cells[*column] != model; });
    return;
  }
  std::vector<std::string> names;
  names.reserve(counts.size());
  for (const auto& [name, count] : counts) names.push_back(fmt::format("{} ({})", name, count));
  throw InputError(fmt::format(
      "{}: {}. Choose one with --csv-model; the file has (tables in brackets): {}.", file,
      model.empty() ? fmt::format("the column 'model' names {} models", counts.size())
      : column      ? fmt::format("there is no model '{}'", model)
                    : "there is no column 'model' to choose from",
      column ? fmt::to_string(fmt::join(names, ", ")) : "one model without a name"));
}

std::size_t count_empty(const CsvDocument& document, std::string_view name) {
  const auto column = document.column(name);
  if (!column) return document.rows.size();
  return static_cast<std::size_t>(
      std::count_if(document.rows.begin(), document.rows.end(),
                    [&](const CsvRow& row) { return row.cells[*column].empty(); }));
}

void describe(const CsvDocument& document, const CsvOptions& options,
              std::vector<std::string>& notes) {
  if (const auto ignored = ignored_columns(document); !ignored.empty()) {
    notes.push_back(fmt::format("Columns that say nothing about a table are ignored: {}.",
                                fmt::join(ignored, ", ")));
  }
  if (const std::size_t count = count_empty(document, "pooling")) {
    notes.push_back(fmt::format("{} tables have no pooling: 1 id per sample is assumed.", count));
  }
  if (const std::size_t count = count_empty(document, "dim")) {
    notes.push_back(fmt::format("{} tables have no dim: --embedding-dim {} is used.", count,
                                *options.embedding_dim));
  }
}

}  // namespace

std::vector<SpecEntry> entries_from_csv(const InputFile& input, const CsvOptions& options,
                                        std::vector<std::string>& notes) {
  CsvDocument document = parse_csv(input);
  require_columns(document, options, input.name);
  keep_model(document, options.model, input.name);
  std::vector<SpecEntry> entries;
  entries.reserve(document.rows.size());
  std::size_t names_left = kMostNameBytes;
  for (const CsvRow& row : document.rows) {
    const Cells cells(document, row, input.name);
    entries.push_back(entry_of(cells, options, input.name, names_left));
  }
  describe(document, options, notes);
  return entries;
}

}  // namespace shardwright
