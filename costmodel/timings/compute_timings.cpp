#include "costmodel/timings/compute_timings.hpp"

#include "costmodel/errors.hpp"
#include "costmodel/reuse.hpp"
#include "costmodel/timings/csv.hpp"
#include "costmodel/timings/probe_columns.hpp"
#include "costmodel/timings/row_reader.hpp"
#include "costmodel/timings/utf8.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <initializer_list>

namespace shardwright {
namespace {

constexpr std::string_view kFirstLine = "# shardwright.timings/1";
constexpr std::int64_t kMany = std::int64_t{1} << 40;
constexpr std::int64_t kMostRows = std::int64_t{1} << 50;  // whole in a double
constexpr std::int64_t kMostDim = std::int64_t{1} << 20;
constexpr std::int64_t kMostFeatures = 10'000;
constexpr std::array<std::string_view, 16> kColumns = {
    "hardware",    "seed",       "set",      "variant",    "repeat",      "batch",
    "optimizer",   "busy_ranks", "tables",   "forward_ms", "backward_ms", "forward_ci",
    "backward_ci", "passes",     "outliers", "dtype"};

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

double part(const RowReader& row, std::string_view text, double least, double most) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  if (!whole || !(value >= least && value <= most)) {
    row.fail("tables",
             fmt::format("rows/dim/pooling/skew with numbers from {} to {} instead of '{}'", least,
                         most, text));
  }
  return value;
}

std::int64_t whole_part(const RowReader& row, std::string_view text, std::int64_t least,
                        std::int64_t most) {
  const double value = part(row, text, static_cast<double>(least), static_cast<double>(most));
  if (value != std::floor(value)) {
    row.fail("tables", fmt::format("whole rows, columns and features instead of '{}'", text));
  }
  return static_cast<std::int64_t>(value);
}

MeasuredTable read_table(const RowReader& row, const std::vector<std::string_view>& parts) {
  if (parts.size() < 4 || parts.size() > 6)
    row.fail("tables", "rows/dim/pooling/skew of each table, with spaces between");
  MeasuredTable table = {whole_part(row, parts[0], 1, kMostRows),
                         whole_part(row, parts[1], 1, kMostDim), part(row, parts[2], 0, 1e9),
                         part(row, parts[3], 0, 10)};
  if (parts.size() > 4) table.features = whole_part(row, parts[4], 1, kMostFeatures);
  if (parts.size() > 5) table.table_dim = whole_part(row, parts[5], table.dim + 1, kMostDim + 1);
  return table;
}

std::vector<MeasuredTable> read_tables(const RowReader& row) {
  std::vector<MeasuredTable> tables;
  for (const std::string_view text : split(row.text("tables"), ' ')) {
    tables.push_back(read_table(row, split(text, '/')));
  }
  return tables;
}

std::vector<std::string> feature_names(const std::string& table, std::int64_t count) {
  if (count == 1) return {table};
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < count; ++i) names.push_back(fmt::format("{}_{}", table, i));
  return names;
}

std::string table_cell(const MeasuredTable& table) {
  std::string cell = fmt::format("{}/{}/{}/{}", table.rows, table.dim, table.pooling, table.skew);
  if (table.features != 1 || table.table_dim != 0) cell += fmt::format("/{}", table.features);
  if (table.table_dim != 0) cell += fmt::format("/{}", table.table_dim);
  return cell;
}

std::int64_t required(const RowReader& row, std::string_view column, std::int64_t least) {
  const auto value = row.integer(column, least, kMany);
  if (!value) row.fail(column, fmt::format("a whole number from {}", least));
  return *value;
}

double required_ms(const RowReader& row, std::string_view column) {
  const auto value = row.number(column);
  if (!value) row.fail(column, "a time in milliseconds");
  return *value;
}

// Files of before there was a choice have no such column.
DataType read_dtype(const RowReader& row) {
  const std::string text(row.text("dtype"));
  if (text.empty()) return DataType::fp32;
  try {
    return parse_data_type(text);
  } catch (const InputError& error) {
    row.fail("dtype", fmt::format("a number format ({})", error.what()));
  }
}

ComputeTiming read_row(const RowReader& row) {
  ComputeTiming timing;
  timing.hardware = row.text("hardware");
  timing.seed = static_cast<std::uint64_t>(row.integer("seed", 0, kMany).value_or(0));
  timing.set = required(row, "set", 0);
  timing.variant = row.integer("variant", 0, kMany).value_or(0);
  timing.repeat = row.integer("repeat", 1, kMany).value_or(1);
  timing.batch_size = required(row, "batch", 1);
  try {
    timing.optimizer = parse_optimizer(row.text("optimizer"));
  } catch (const InputError& error) {
    row.fail("optimizer", fmt::format("an optimizer ({})", error.what()));
  }
  timing.dtype = read_dtype(row);
  timing.busy_ranks = row.integer("busy_ranks", 1, kMany).value_or(1);
  timing.tables = read_tables(row);
  timing.forward_ms = required_ms(row, "forward_ms");
  timing.backward_ms = required_ms(row, "backward_ms");
  timing.forward_ci = row.number("forward_ci").value_or(0);
  timing.backward_ci = row.number("backward_ci").value_or(0);
  timing.passes = row.integer("passes", 0, kMany).value_or(0);
  timing.outliers = row.integer("outliers", 0, kMany).value_or(0);
  timing.probe = read_probe(row);
  return timing;
}

bool usable(double milliseconds) {
  constexpr double kLongest = 1e9;  // eleven days
  return milliseconds > 0 && milliseconds <= kLongest;
}

void drop(std::vector<DroppedRows>& dropped, std::string_view reason, std::size_t line) {
  const auto found = std::find_if(dropped.begin(), dropped.end(),
                                  [&](const DroppedRows& rows) { return rows.reason == reason; });
  if (found == dropped.end()) {
    dropped.push_back({std::string(reason), 1, line});
  } else {
    ++found->count;
  }
}

std::map<std::string, std::size_t> columns_of(const CsvLine& header, const std::string& file) {
  std::map<std::string, std::size_t> columns;
  for (std::size_t i = 0; i < header.cells.size(); ++i) columns.emplace(header.cells[i], i);
  for (const char* name :
       {"hardware", "set", "batch", "optimizer", "tables", "forward_ms", "backward_ms"}) {
    if (columns.contains(name)) continue;
    throw InputError(fmt::format("{}: the header lacks the column \"{}\". Compute timings have {}.",
                                 file, name, fmt::join(kColumns, ", ")));
  }
  return columns;
}

// The "# key: value" lines at the top.
std::map<std::string, std::string> metadata_of(std::string_view text) {
  std::map<std::string, std::string> metadata;
  for (const std::string_view line : split_lines(text)) {
    if (!line.starts_with("# ")) break;
    const std::size_t colon = line.find(": ");
    if (colon != std::string_view::npos)
      metadata.emplace(line.substr(2, colon - 2), line.substr(colon + 2));
  }
  return metadata;
}

void read_rows(std::string_view text, const std::string& file, ComputeTimings& timings) {
  const std::vector<CsvLine> lines = parse_csv(text);
  if (lines.empty()) throw InputError(fmt::format("{}: there is no header line.", file));
  const auto columns = columns_of(lines.front(), file);
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const CsvLine& line = lines[i];
    if (i + 1 == lines.size() && !text.ends_with('\n')) {
      drop(timings.dropped, "a line that is cut off", line.number);
      continue;
    }
    if (line.cells.size() != lines.front().cells.size()) {
      throw InputError(fmt::format("{}: line {} has {} cells, the header has {}.", file,
                                   line.number, line.cells.size(), lines.front().cells.size()));
    }
    ComputeTiming timing = read_row(RowReader(file, columns, line));
    if (usable(timing.forward_ms) && usable(timing.backward_ms)) {
      timings.rows.push_back(std::move(timing));
    } else {
      drop(timings.dropped, "a time that is zero, negative, over 10^9 ms or not a number",
           line.number);
    }
  }
}

}  // namespace

Workload workload_of(const ComputeTiming& timing) {
  Workload workload;
  workload.batch_size = timing.batch_size;
  for (const MeasuredTable& measured : timing.tables) {
    Table& table = workload.tables.emplace_back();
    table.name = fmt::format("t{}", workload.tables.size());
    table.rows = measured.rows;
    table.dim = measured.whole_dim();
    table.pooling = measured.pooling;
    table.optimizer = timing.optimizer;
    table.dtype = timing.dtype;
    table.features = feature_names(table.name, measured.features);
    table.reuse = zipf_reuse(
        measured.rows, measured.pooling * static_cast<double>(timing.batch_size), measured.skew);
    table.reuse_batch_size = timing.batch_size;
  }
  return workload;
}

bool is_compute_timings(std::string_view text) {
  if (!text.starts_with("# shardwright.timings/")) return false;
  const auto metadata = metadata_of(text);
  const auto kind = metadata.find("kind");
  return kind != metadata.end() && kind->second == "compute";
}

ComputeTimings parse_compute_timings(std::string_view text, const std::string& file) {
  if (!is_compute_timings(text) || split_lines(text).front() != kFirstLine) {
    throw InputError(fmt::format(
        "{}: expected `{}` and `# kind: compute` (docs/timings.md) at the top.", file, kFirstLine));
  }
  require_utf8(text, file);
  ComputeTimings timings;
  timings.metadata = metadata_of(text);
  read_rows(text, file, timings);
  return timings;
}

std::string compute_timings_header(const std::map<std::string, std::string>& metadata) {
  std::string text = fmt::format("{}\n# kind: compute\n", kFirstLine);
  for (const auto& [key, value] : metadata) {
    if (key != "kind") text += fmt::format("# {}: {}\n", key, value);
  }
  return text + fmt::format("{}{}\n", fmt::join(kColumns, ","), probe_columns());
}

std::string compute_timing_line(const ComputeTiming& timing) {
  std::vector<std::string> tables;
  for (const MeasuredTable& table : timing.tables) tables.push_back(table_cell(table));
  return fmt::format("{},{},{},{},{},{},{},{},{},{:.5g},{:.5g},{:.3g},{:.3g},{},{},{}{}\n",
                     csv_cell(timing.hardware), timing.seed, timing.set, timing.variant,
                     timing.repeat, timing.batch_size, to_string(timing.optimizer),
                     timing.busy_ranks, fmt::join(tables, " "), timing.forward_ms,
                     timing.backward_ms, timing.forward_ci, timing.backward_ci, timing.passes,
                     timing.outliers, to_string(timing.dtype), probe_cells(timing.probe));
}

}  // namespace shardwright
