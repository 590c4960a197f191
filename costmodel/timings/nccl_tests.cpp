#include "costmodel/timings/nccl_tests.hpp"

#include "costmodel/errors.hpp"
#include "costmodel/json/json_view.hpp"
#include "costmodel/timings/csv.hpp"
#include "costmodel/timings/row_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <set>

namespace shardwright {
namespace {

constexpr std::int64_t kMostVersionCode = 10'000'000;

// What the head of an output says about the run.
struct Run {
  std::string program;
  std::string library;
  std::string hardware;
  std::set<std::string> hosts;
  std::int64_t ranks = 0;
};

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (std::size_t begin = line.find_first_not_of(" \t"); begin != std::string_view::npos;) {
    const std::size_t end = std::min(line.find_first_of(" \t", begin), line.size());
    words.push_back(line.substr(begin, end - begin));
    begin = line.find_first_not_of(" \t", end);
  }
  return words;
}

// NCCL codes 2.27.3 as 22703.
std::string library_of_code(std::int64_t code) {
  return fmt::format("NCCL {}.{}.{}", code / 10000, code / 100 % 100, code % 100);
}

// 0 for what is no such code.
std::int64_t version_code(std::string_view digits) {
  std::int64_t code = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), code);
  const bool whole = error == std::errc() && end == digits.data() + digits.size();
  return whole && code >= 0 && code <= kMostVersionCode ? code : 0;
}

std::string_view after(std::string_view line, std::string_view key) {
  const std::size_t at = line.find(key);
  return at == std::string_view::npos ? std::string_view{} : line.substr(at + key.size());
}

std::string_view first_word(std::string_view text) {
  const auto words = words_of(text);
  return words.empty() ? std::string_view{} : words.front();
}

// "#  Rank  0 Group  0 Pid 6899 on host device  0 [0000:04:00] NVIDIA H100 80GB HBM3"
void read_device_line(std::string_view line, Run& run) {
  const std::size_t bracket = line.find("] ");
  if (!line.starts_with('#') || first_word(line.substr(1)) != "Rank" ||
      bracket == std::string_view::npos) {
    return;
  }
  ++run.ranks;
  run.hosts.emplace(first_word(after(line, " on ")));
  if (run.hardware.empty()) run.hardware = line.substr(bracket + 2);
}

void read_head_line(std::string_view line, Run& run) {
  read_device_line(line, run);
  if (const auto program = after(line, "# Collective test starting: "); !program.empty()) {
    run.program = first_word(program);
  }
  if (const auto code = after(line, "nccl-library="); !code.empty()) {
    run.library = library_of_code(version_code(first_word(code)));
  }
}

CollectiveKind operation_of(const Run& run, const std::string& file,
                            const ImportSettings& settings) {
  if (const auto operation = nccl_tests_operation(run.program)) {
    if (settings.operation.value_or(*operation) == *operation) return *operation;
    throw InputError(fmt::format("{}: the output is of {}, and --operation says {}. Leave it out.",
                                 file, run.program, to_string(*settings.operation)));
  }
  if (settings.operation) return *settings.operation;
  throw InputError(fmt::format(
      "{}: the output {}. Say which collective it is with --operation (all_to_all, all_gather, "
      "reduce_scatter or all_reduce).",
      file,
      run.program.empty() ? "does not name its operation"
                          : fmt::format("is of '{}', which is not modelled", run.program)));
}

// A row with all that the head says.
CommTiming row_of(const Run& run, const std::string& file, const ImportSettings& settings) {
  if (run.ranks < 2) {
    throw InputError(fmt::format(
        "{}: the output lists {} device(s); expected the lines `#  Rank …` of at least two.", file,
        run.ranks));
  }
  CommTiming row;
  row.setting = {settings.hardware.empty() ? run.hardware : settings.hardware, settings.link,
                 settings.library.empty() ? run.library : settings.library};
  row.call.operation = operation_of(run, file, settings);
  row.call.ranks = run.ranks;
  row.call.nodes = std::max<std::int64_t>(1, static_cast<std::int64_t>(run.hosts.size()));
  return row;
}

bool is_header(std::string_view line) {
  const auto words = words_of(line);
  return words.size() > 4 && words[0] == "#" && words[1] == "size" && words[2] == "count";
}

std::map<std::string, std::size_t> header_columns(std::string_view line) {
  std::map<std::string, std::size_t> columns;
  const auto words = words_of(line.substr(1));
  // The first of each name: out-of-place stands before in-place.
  for (std::size_t i = 0; i < words.size(); ++i) columns.emplace(words[i], i);
  return columns;
}

bool is_data(std::string_view line) {
  const auto word = first_word(line);
  return !word.empty() && word.find_first_not_of("0123456789") == std::string_view::npos;
}

void read_table_line(std::string_view line, std::size_t number, const std::string& file,
                     const std::map<std::string, std::size_t>& columns, CommTiming row,
                     CommTimings& timings) {
  const auto words = words_of(line);
  const auto time_column = columns.find("time");
  if (time_column == columns.end()) {
    throw InputError(
        fmt::format("{}: the table has no column \"time\" (cputime is no match).", file));
  }
  if (words.size() <= time_column->second + 2) {
    return drop(timings, "a line that is cut off", number);
  }
  const CsvLine cells{number, {words.begin(), words.end()}};
  const RowReader reader(file, columns, cells);
  const auto element = bytes_of_type(reader.text("type"));
  if (!element) return drop(timings, "an unknown element type", number);
  row.call.bytes = reader.number("size").value_or(0);
  row.call.element_bytes = *element;
  row.time_us = reader.number("time").value_or(0);
  if (row.call.bytes <= 0) return drop(timings, "a message without bytes", number);
  keep_or_drop(timings, std::move(row), number);
}

Run run_of_json(const JsonView& document) {
  Run run;
  if (const auto arguments = document.find("args"); arguments && !arguments->elements().empty()) {
    run.program = arguments->elements().front().string();
  }
  if (const auto version = document.find("nccl_version")) {
    run.library = library_of_code(version->integer(0, kMostVersionCode));
  }
  const JsonView config = document.at("config");
  const auto devices = config.at("devices").elements();
  for (const JsonView& device : devices) {
    run.hosts.insert(device.at("hostname").string());
    if (run.hardware.empty()) run.hardware = device.at("device_info").string();
  }
  // Without MPI only the first device of the process is listed.
  const auto count = static_cast<std::int64_t>(devices.size());
  const std::int64_t most = 1'000'000;
  const std::int64_t in_process =
      config.at("nthreads").integer(1, 1000) * config.at("ngpus").integer(1, 1000);
  run.ranks = std::min(most, std::max(count, in_process));
  return run;
}

}  // namespace

bool is_nccl_tests_table(std::string_view text) {
  const auto lines = split_lines(text);
  return std::any_of(lines.begin(), lines.end(), is_header);
}

CommTimings parse_nccl_tests_table(std::string_view text, const std::string& file,
                                   const ImportSettings& settings) {
  CommTimings timings;
  Run run;
  std::map<std::string, std::size_t> columns;
  std::size_t number = 0;
  for (const std::string_view line : split_lines(text)) {
    ++number;
    if (is_header(line)) {
      columns = header_columns(line);
    } else if (!columns.empty() && is_data(line)) {
      read_table_line(line, number, file, columns, row_of(run, file, settings), timings);
    } else {
      read_head_line(line, run);
    }
  }
  return timings;
}

bool is_nccl_tests_json(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '{';
}

CommTimings parse_nccl_tests_json(std::string_view text, const std::string& file,
                                  const ImportSettings& settings) {
  const nlohmann::json json = parse_json(text, file);
  const JsonView document(json, file);
  const CommTiming common = row_of(run_of_json(document), file, settings);
  CommTimings timings;
  std::size_t number = 0;
  for (const JsonView& result : document.at("results").elements()) {
    ++number;
    CommTiming row = common;
    const auto element = bytes_of_type(result.at("type").string());
    const auto times = result.find("out_of_place");
    if (!element) {
      drop(timings, "an unknown element type", number);
    } else if (!times || !times->find("time") || !times->at("time").raw().is_number()) {
      drop(timings, "no out-of-place time", number);
    } else {
      row.call.bytes = result.at("size").number(0);
      row.call.element_bytes = *element;
      row.time_us = times->at("time").number();
      if (row.call.bytes > 0) {
        keep_or_drop(timings, std::move(row), number);
      } else {
        drop(timings, "a message without bytes", number);
      }
    }
  }
  return timings;
}

}  // namespace shardwright
