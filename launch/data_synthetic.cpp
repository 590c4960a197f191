#include "launch/data_options.hpp"
#include "planner/spec/read_workload.hpp"
#include "planner/spec/spec_entry.hpp"
#include "runtime/data/synthetic.hpp"

#include <fmt/format.h>

#include <limits>
#include <memory>

namespace shardwright {
namespace {

struct SyntheticArguments {
  DataOutputArguments output;
  SpecSource source;
  SyntheticOptions options{.tables = {}, .samples = 100'000, .test_samples = 20'000, .output = {}};
  std::int64_t rows_divided_by = 1;
  bool batch_size_given = false;
};

std::vector<std::string> describe_source(const SpecSource& source) {
  std::vector<std::string> words;
  if (!source.file.empty()) words.push_back(source.file);
  const auto add = [&](const char* flag, const std::string& value) {
    if (!value.empty()) words.push_back(fmt::format("{} {}", flag, value));
  };
  add("--num-embeddings-per-feature", source.lists.num_embeddings_per_feature);
  add("--multi-hot-sizes", source.lists.multi_hot_sizes);
  if (source.lists.embedding_dim)
    add("--embedding-dim", fmt::to_string(*source.lists.embedding_dim));
  return words;
}

void run_synthetic(const SyntheticArguments& arguments) {
  WorkloadReading reading = read_workload(arguments.source);
  for (const std::string& note : reading.notes) fmt::print(stderr, "{}\n", note);
  SyntheticOptions options = arguments.options;
  options.tables = std::move(reading.workload.tables);
  divide_rows(options.tables, arguments.rows_divided_by);
  DataOutputArguments output = arguments.output;
  if (!arguments.batch_size_given && reading.workload.batch_size > 0)
    output.options.batch_size = reading.workload.batch_size;
  std::vector<std::string> specific = describe_source(arguments.source);
  specific.push_back(fmt::format(
      "--rows-divided-by {} --samples {} --test-samples {} --dense {} --zipf {} --label-noise {}",
      arguments.rows_divided_by, options.samples, options.test_samples, options.num_dense,
      options.zipf, options.label_noise));
  options.output = conversion_options(output, "synthetic", specific);
  options.output.made_by.inputs = reading.inputs;
  report_data(make_synthetic(options), output.json);
}

void add_table_sources(CLI::App& command, SyntheticArguments& arguments) {
  command.add_option("TABLES", arguments.source.file, "Table spec: JSON or CSV");
  DlrmLists& lists = arguments.source.lists;
  command.add_option("--num-embeddings-per-feature,--num_embeddings_per_feature",
                     lists.num_embeddings_per_feature, "Instead of TABLES: rows, R,R,…");
  command.add_option("--multi-hot-sizes,--multi_hot_sizes", lists.multi_hot_sizes,
                     "Ids per sample of these tables, N,N,… (default 1 each)");
  command
      .add_option("--embedding-dim,--embedding_dim", lists.embedding_dim, "Columns of these tables")
      ->check(embedding_width());
  command
      .add_option("--rows-divided-by", arguments.rows_divided_by,
                  "Make tables smaller: rows / N, but no fewer than 4")
      ->check(CLI::Range(std::int64_t{1}, std::numeric_limits<std::int64_t>::max()))
      ->capture_default_str();
}

}  // namespace

void add_data_synthetic(CLI::App& data) {
  CLI::App* command =
      data.add_subcommand("synthetic", "Zipf-distributed ids, labels from a known model");
  command->footer(
      "Examples:\n"
      "  shardwright data synthetic tables.json -o out/synthetic --samples 1000000\n"
      "  shardwright data synthetic --num-embeddings-per-feature 40000000,39060 \\\n"
      "    --multi-hot-sizes 3,2 --embedding-dim 128 --rows-divided-by 40 -o out/small");
  const auto arguments = std::make_shared<SyntheticArguments>();
  SyntheticOptions& options = arguments->options;
  add_table_sources(*command, *arguments);
  const auto count = CLI::Range(std::int64_t{1}, kMostSamples);
  command->add_option("--samples", options.samples, "Of the training part")
      ->check(count)
      ->capture_default_str();
  command->add_option("--test-samples", options.test_samples, "Of the test part")
      ->check(count)
      ->capture_default_str();
  command->add_option("--dense", options.num_dense, "Dense features")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 20))
      ->capture_default_str();
  command->add_option("--zipf", options.zipf, "Skew of the ids; 0 is uniform")
      ->check(number_between(0, 10, true))
      ->capture_default_str();
  command
      ->add_option("--label-noise", options.label_noise, "Share of labels that are a fair coin's")
      ->check(number_between(0, 1, true))
      ->capture_default_str();
  const CLI::Option* batch_size = add_data_output(*command, arguments->output);
  command->callback([arguments, batch_size] {
    arguments->batch_size_given = batch_size->count() > 0;
    run_synthetic(*arguments);
  });
}

}  // namespace shardwright
