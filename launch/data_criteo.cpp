#include "costmodel/bytes.hpp"
#include "launch/data_options.hpp"
#include "runtime/data/criteo.hpp"
#include "runtime/data/criteo_line.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <limits>
#include <memory>

namespace shardwright {
namespace {

struct CriteoArguments {
  DataOutputArguments output;
  CriteoOptions options;
};

void run_criteo(const CriteoArguments& arguments) {
  CriteoOptions options = arguments.options;
  std::vector<std::string> specific = options.inputs;
  specific.push_back(fmt::format("--rows {}", fmt::join(options.rows, ",")));
  specific.push_back(fmt::format("--embedding-dim {}", options.embedding_dim));
  if (options.test_inputs.empty())
    specific.push_back(fmt::format("--test-share {}", options.test_share));
  for (const std::string& file : options.test_inputs) specific.push_back("--test " + file);
  options.output = conversion_options(arguments.output, "criteo", specific);
  if (options.rows.size() == 1) options.rows.assign(kCriteoIds, options.rows.front());
  for (const std::int64_t rows : options.rows) {  // told before hours of conversion
    checked_product(rows, options.embedding_dim * 4, "bytes of a table (--rows, --embedding-dim)");
  }
  report_data(convert_criteo(options), arguments.output.json);
}

}  // namespace

void add_data_criteo(CLI::App& data) {
  CLI::App* command = data.add_subcommand("criteo", "From lines in the Criteo format");
  command->footer(
      "Examples:\n"
      "  shardwright data criteo train.txt -o out/criteo --rows 100000\n"
      "  zcat day_0.gz | shardwright data criteo - --test day_23.tsv -o out/criteo \\\n"
      "    --rows 40000000,39060,17295,… (26 numbers)");
  const auto arguments = std::make_shared<CriteoArguments>();
  CriteoOptions& options = arguments->options;
  options.rows = {100'000};
  command
      ->add_option("IN", options.inputs, "Files of 40 fields a line, by tabs; - is standard input")
      ->required();
  command->add_option("--test", options.test_inputs, "Files of the test part, instead of a share");
  command->add_option("--test-share", options.test_share, "Share of the lines that are tested on")
      ->check(number_between(0, 1, false))
      ->excludes("--test")
      ->capture_default_str();
  command
      ->add_option("--rows", options.rows,
                   "Rows of the tables C1 … C26: 26 numbers, or one for all")
      ->delimiter(',')
      ->check(CLI::Range(std::int64_t{1}, std::numeric_limits<std::int64_t>::max()))
      ->capture_default_str();
  add_embedding_dim(*command, options.embedding_dim);
  add_data_output(*command, arguments->output);
  command->callback([arguments] { run_criteo(*arguments); });
}

}  // namespace shardwright
