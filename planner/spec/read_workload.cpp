#include "planner/spec/read_workload.hpp"

#include "costmodel/errors.hpp"
#include "planner/input_file.hpp"
#include "planner/spec/spec_entry.hpp"
#include "planner/spec/tables_csv.hpp"
#include "planner/spec/tables_json.hpp"

#include <fmt/format.h>

namespace shardwright {
namespace {

bool has_lists(const DlrmLists& lists) {
  return !lists.num_embeddings_per_feature.empty() || !lists.arch_embedding_size.empty() ||
         !lists.multi_hot_sizes.empty();
}

bool looks_like_json(const InputFile& input) {
  const std::size_t first = input.content.find_first_not_of(" \t\r\n");
  const char letter = first == std::string::npos ? ' ' : input.content[first];
  return input.name.ends_with(".json") || letter == '{' || letter == '[';
}

Workload read_json_spec(const InputFile& input, const SpecSource& source) {
  if (!source.csv_model.empty() || source.lists.embedding_dim) {
    throw UsageError(
        fmt::format("{} is JSON and says the dims of its tables itself; --csv-model, "
                    "--embedding-dim and --arch-sparse-feature-size go with CSV or lists.",
                    input.name));
  }
  return tables_from_json(input);
}

Workload read_csv_spec(const InputFile& input, const SpecSource& source,
                       std::vector<std::string>& notes) {
  const CsvOptions options{source.csv_model, source.lists.embedding_dim};
  return {tables_of(entries_from_csv(input, options, notes), input.name), 0};
}

void read_file(const SpecSource& source, WorkloadReading& reading) {
  if (has_lists(source.lists)) {
    throw UsageError(fmt::format(
        "The tables are given twice: by {} and by list options. Leave one out.", source.file));
  }
  const InputFile input = read_input_file(source.file);
  reading.inputs[input.name] = fingerprint(input.content);
  reading.workload = looks_like_json(input) ? read_json_spec(input, source)
                                            : read_csv_spec(input, source, reading.notes);
}

void read_lists(const SpecSource& source, WorkloadReading& reading) {
  if (!has_lists(source.lists)) {
    throw UsageError(
        "No tables were given. Name a tables file (JSON or CSV), or give "
        "--num-embeddings-per-feature and --embedding-dim.");
  }
  if (!source.csv_model.empty()) {
    throw UsageError("--csv-model chooses from a CSV file, but no file was given.");
  }
  reading.workload.tables =
      tables_of(entries_from_lists(source.lists, reading.notes), "command line");
}

}  // namespace

WorkloadReading read_workload(const SpecSource& source) {
  WorkloadReading reading;
  if (source.file.empty()) {
    read_lists(source, reading);
  } else {
    read_file(source, reading);
  }
  for (std::string& warning : workload_warnings(reading.workload)) {
    reading.notes.push_back("Warning: " + std::move(warning));
  }
  return reading;
}

}  // namespace shardwright
