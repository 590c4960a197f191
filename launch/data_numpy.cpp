#include "launch/data_options.hpp"
#include "runtime/data/numpy/convert_numpy.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <limits>
#include <memory>

namespace shardwright {
namespace {

struct NumpyArguments {
  DataOutputArguments output;
  NumpyOptions options;
};

std::vector<std::string> describe_ids(const NumpyIdRules& ids) {
  std::vector<std::string> words;
  if (!ids.rows.empty()) words.push_back(fmt::format("--rows {}", fmt::join(ids.rows, ",")));
  if (ids.wrap) words.emplace_back("--wrap");
  if (ids.padding_id) words.push_back(fmt::format("--padding-id {}", *ids.padding_id));
  return words;
}

void run_numpy(const NumpyArguments& arguments) {
  NumpyOptions options = arguments.options;
  std::vector<std::string> specific = options.inputs;
  for (const std::string& word : describe_ids(options.ids)) specific.push_back(word);
  specific.push_back(fmt::format("--embedding-dim {}", options.embedding_dim));
  if (options.test_inputs.empty())
    specific.push_back(fmt::format("--test-share {}", options.test_share));
  for (const std::string& test : options.test_inputs) specific.push_back("--test " + test);
  options.output = conversion_options(arguments.output, "numpy", specific);
  report_data(convert_numpy(options), arguments.output.json);
}

void add_ids(CLI::App& command, NumpyIdRules& ids) {
  CLI::Option* rows =
      command
          .add_option("--rows", ids.rows,
                      "Rows of the tables: a number for each, or one for all (default: the largest "
                      "id + 1, by a pass of its own)")
          ->delimiter(',')
          ->check(CLI::Range(std::int64_t{1}, std::numeric_limits<std::int64_t>::max()));
  command.add_flag("--wrap", ids.wrap, "Take ids modulo the rows, as DLRM's loader does")
      ->needs(rows);
  command.add_option("--padding-id", ids.padding_id,
                     "Leave out ids of this value (default: there are none)");
}

}  // namespace

void add_data_numpy(CLI::App& data) {
  CLI::App* command =
      data.add_subcommand("numpy", "From numpy's .npy and .npz, as DLRM's users have them");
  command->footer(
      "Reads X_labels.npy, X_dense.npy and X_sparse.npy or X_sparse_multi_hot.npz.\n"
      "Examples:\n"
      "  shardwright data numpy criteo_npy --test criteo_npy/day_23 -o out/criteo\n"
      "  shardwright data numpy criteo_npy/day_0 criteo_npy/day_1 -o out/two_days \\\n"
      "    --rows 1000000 --wrap");
  const auto arguments = std::make_shared<NumpyArguments>();
  NumpyOptions& options = arguments->options;
  command
      ->add_option("IN", options.inputs,
                   "Folders of such files, or the beginnings X of their names")
      ->required();
  command->add_option("--test", options.test_inputs,
                      "Folders or X of the test part, instead of a share");
  command->add_option("--test-share", options.test_share, "Share of samples that are tested on")
      ->check(number_between(0, 1, false))
      ->excludes("--test")
      ->capture_default_str();
  add_ids(*command, options.ids);
  add_embedding_dim(*command, options.embedding_dim);
  add_data_output(*command, arguments->output);
  command->callback([arguments] { run_numpy(*arguments); });
}

}  // namespace shardwright
