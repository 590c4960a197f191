#include "costmodel/timings/comm_timings.hpp"

#include "costmodel/errors.hpp"
#include "costmodel/timings/nccl_tests.hpp"
#include "costmodel/timings/probe_columns.hpp"
#include "costmodel/timings/row_reader.hpp"
#include "costmodel/timings/utf8.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace shardwright {
namespace {

constexpr std::string_view kSchema = "shardwright.timings/1";
constexpr std::int64_t kMostRanks = 1'000'000;
constexpr std::int64_t kMostBytes = std::int64_t{1} << 50;

// What columns are called here and in the CSV files with nccl-tests' columns.
struct ColumnNames {
  std::string_view operation, ranks, nodes, bytes, link;
};
constexpr ColumnNames kOurs = {"operation", "ranks", "nodes", "bytes", "link"};
constexpr ColumnNames kTheirs = {"op", "n_gpus", "n_nodes", "size_bytes", "interconnect"};

using Columns = std::map<std::string, std::size_t>;

Columns columns_of(const CsvLine& header) {
  Columns columns;
  for (std::size_t i = 0; i < header.cells.size(); ++i) columns.emplace(header.cells[i], i);
  return columns;
}

// "# key: value" lines above the header.
std::map<std::string, std::string> metadata_of(std::string_view text) {
  std::map<std::string, std::string> metadata;
  for (const std::string_view line : split_lines(text)) {
    if (!line.starts_with('#')) break;
    const std::size_t colon = line.find(": ");
    if (line.starts_with("# ") && colon != std::string_view::npos) {
      metadata.emplace(line.substr(2, colon - 2), line.substr(colon + 2));
    }
  }
  return metadata;
}

void require_columns(const Columns& columns, std::initializer_list<std::string_view> names,
                     const std::string& file) {
  for (const std::string_view name : names) {
    if (columns.contains(std::string(name))) continue;
    throw InputError(
        fmt::format("{}: the header lacks the column \"{}\". Communication timings need {}.", file,
                    name, fmt::join(names, ", ")));
  }
}

std::string or_given(std::string_view from_file, const std::string& given) {
  return given.empty() ? std::string(from_file) : given;
}

CommSetting setting_of(const RowReader& row, std::string_view library, const ColumnNames& names,
                       const ImportSettings& settings) {
  return {or_given(row.text("hardware"), settings.hardware),
          or_given(row.text(names.link), settings.link), or_given(library, settings.library)};
}

std::int64_t required_integer(const RowReader& row, std::string_view column, std::int64_t least,
                              std::int64_t most) {
  const auto value = row.integer(column, least, most);
  if (!value) row.fail(column, fmt::format("a whole number from {} to {}", least, most));
  return *value;
}

double required_time(const RowReader& row) {
  const auto time = row.number("time_us");
  if (!time) row.fail("time_us", "a time in microseconds");
  return *time;
}

// Columns that files of equal sizes, and of ranks that start together, need not have.
void read_unequal(const RowReader& row, CollectiveCall& call) {
  call.mean_bytes = row.number("mean_bytes").value_or(call.bytes);
  if (!(call.mean_bytes > 0 && call.mean_bytes <= call.bytes)) {
    row.fail("mean_bytes", fmt::format("a number of bytes up to {}, the row's own", call.bytes));
  }
  if (call.mean_bytes == call.bytes) call.mean_bytes = 0;
  call.wait_us = row.number("wait_us").value_or(0);
  if (!std::isfinite(call.wait_us) || call.wait_us < 0) row.fail("wait_us", "microseconds from 0");
}

// What the row says, which --operation may repeat.
CollectiveKind operation_of(const RowReader& row, std::string_view column, CollectiveKind named,
                            const ImportSettings& settings) {
  if (settings.operation.value_or(named) == named) return named;
  row.fail(column, fmt::format("{}, as --operation says", to_string(*settings.operation)));
}

void read_our_row(const RowReader& row, const ImportSettings& settings, CommTimings& timings) {
  CommTiming timing;
  timing.setting = setting_of(row, row.text("library"), kOurs, settings);
  CollectiveCall& call = timing.call;
  CollectiveKind named{};
  try {
    named = parse_collective(row.text(kOurs.operation));
  } catch (const InputError& error) {
    row.fail(kOurs.operation, fmt::format("a collective ({})", error.what()));
  }
  call.operation = operation_of(row, kOurs.operation, named, settings);
  call.ranks = required_integer(row, kOurs.ranks, 2, kMostRanks);
  call.nodes = row.integer(kOurs.nodes, 1, call.ranks).value_or(1);
  call.bytes = static_cast<double>(required_integer(row, kOurs.bytes, 1, kMostBytes));
  call.element_bytes = row.integer("element_bytes", 1, 16).value_or(4);
  read_unequal(row, call);
  timing.time_us = required_time(row);
  timing.repeat = row.integer("repeat", 1, kMostRanks).value_or(1);
  timing.probe = read_probe(row);
  keep_or_drop(timings, std::move(timing), row.line());
}

void read_their_row(const RowReader& row, const ImportSettings& settings, CommTimings& timings) {
  const auto operation = nccl_tests_operation(row.text(kTheirs.operation));
  const auto element = bytes_of_type(row.text("dtype"));
  const auto ranks = row.integer(kTheirs.ranks, 1, kMostRanks);
  if (!operation) return drop(timings, "an operation that is not modelled", row.line());
  if (!element) return drop(timings, "an unknown element type", row.line());
  if (!ranks || *ranks < 2) return drop(timings, "a number of ranks not given", row.line());
  CommTiming timing;
  const std::string_view version = row.text("lib_version");
  std::string library(row.text("lib"));
  if (!version.empty()) library += fmt::format(" {}", version);
  timing.setting = setting_of(row, library, kTheirs, settings);
  timing.call = {.operation = operation_of(row, kTheirs.operation, *operation, settings),
                 .ranks = *ranks,
                 .nodes = row.integer(kTheirs.nodes, 1, *ranks).value_or(1),
                 .bytes = static_cast<double>(required_integer(row, kTheirs.bytes, 0, kMostBytes)),
                 .element_bytes = *element};
  timing.time_us = required_time(row);
  timing.repeat = row.integer("repeat", 1, kMostRanks).value_or(1);
  if (timing.call.bytes == 0) return drop(timings, "a message without bytes", row.line());
  keep_or_drop(timings, std::move(timing), row.line());
}

void read_rows(std::string_view text, const std::string& file, const ImportSettings& settings,
               CommTimings& timings) {
  const std::vector<CsvLine> lines = parse_csv(text);
  if (lines.empty()) throw InputError(fmt::format("{}: there is no header line.", file));
  const Columns columns = columns_of(lines.front());
  const bool theirs = columns.contains("size_bytes");
  if (theirs) {
    require_columns(columns, {"size_bytes", "n_gpus", "hardware", "op", "dtype", "time_us"}, file);
  } else {
    require_columns(columns, {"hardware", "library", "operation", "ranks", "bytes", "time_us"},
                    file);
  }
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const std::size_t expected = lines.front().cells.size();
    const std::size_t found = lines[i].cells.size();
    const bool may_lack_its_end = i + 1 == lines.size() && !text.ends_with('\n');
    if (may_lack_its_end && (found < expected || !theirs)) {
      drop(timings, "a line that is cut off", lines[i].number);
    } else if (found != expected) {
      throw InputError(fmt::format("{}: line {} has {} cells, the header has {}.", file,
                                   lines[i].number, found, expected));
    } else {
      const RowReader row(file, columns, lines[i]);
      (theirs ? read_their_row : read_our_row)(row, settings, timings);
    }
  }
}

void check_kind(std::string_view text, const std::string& file) {
  const auto metadata = metadata_of(text);
  const auto kind = metadata.find("kind");
  if (kind == metadata.end() || kind->second == "comm") return;
  throw InputError(fmt::format(
      "{}: the timings are of kind '{}', expected `# kind: comm`, as the model or the "
      "files before are of collectives. Of computation and collectives there are models "
      "apart: give each its own timings.",
      file, kind->second));
}

// The schema that a first line names, if it names one of ours.
std::string_view schema_of(std::string_view text) {
  if (!text.starts_with("# shardwright.")) return {};
  const std::string_view line = split_lines(text).front().substr(2);
  return line.substr(0, line.find(' '));
}

CommTimings parse_any(std::string_view text, const std::string& file,
                      const ImportSettings& settings) {
  if (is_nccl_tests_json(text)) return parse_nccl_tests_json(text, file, settings);
  if (is_nccl_tests_table(text)) return parse_nccl_tests_table(text, file, settings);
  CommTimings timings;
  const std::string_view schema = schema_of(text);
  const bool theirs = text.starts_with("size_bytes,");
  if (schema != kSchema && !theirs) {
    throw InputError(fmt::format(
        "{}: the first line is {}. Expected `# {}` (docs/timings.md), nccl-tests output (text or "
        "-J), or a CSV that starts with the column size_bytes.",
        file, schema.empty() ? "of no known format" : fmt::format("of the schema {}", schema),
        kSchema));
  }
  check_kind(text, file);
  timings.metadata = metadata_of(text);
  read_rows(text, file, settings, timings);
  return timings;
}

}  // namespace

CommTimings parse_comm_timings(std::string_view text, const std::string& file,
                               const ImportSettings& settings) {
  require_utf8(text, file);
  CommTimings timings = parse_any(text, file, settings);
  if (!timings.rows.empty()) return timings;
  const auto drops = describe_drops(timings, file);
  throw InputError(fmt::format("{}: there is no usable row. {}", file, fmt::join(drops, " ")));
}

}  // namespace shardwright
