#include "launch/data_options.hpp"
#include "runtime/data/movielens.hpp"

#include <fmt/format.h>

#include <memory>

namespace shardwright {
namespace {

struct MovieLensArguments {
  DataOutputArguments output;
  MovieLensOptions options;
  std::string split = "random";
};

void run_movielens(const MovieLensArguments& arguments) {
  MovieLensOptions options = arguments.options;
  options.split = arguments.split == "time" ? SplitBy::time : SplitBy::random;
  options.output = conversion_options(arguments.output, "movielens",
                                      {options.input, "--split", arguments.split,
                                       fmt::format("--test-share {}", options.test_share),
                                       fmt::format("--embedding-dim {}", options.embedding_dim)});
  report_data(convert_movielens(options), arguments.output.json);
}

}  // namespace

void add_data_movielens(CLI::App& data) {
  CLI::App* command =
      data.add_subcommand("movielens", "From MovieLens' ratings.csv and movies.csv");
  command->footer(
      "Examples:\n"
      "  shardwright data movielens data/movielens_latest_small -o out/movielens\n"
      "  shardwright data movielens ml-25m -o out/ml-25m --split time --test-share 0.1");
  const auto arguments = std::make_shared<MovieLensArguments>();
  command->add_option("IN", arguments->options.input, "Folder with ratings.csv and movies.csv")
      ->required();
  command
      ->add_option("--split", arguments->split,
                   "random: any rating may be tested on; time: each user's last are")
      ->check(CLI::IsMember({"random", "time"}))
      ->capture_default_str();
  command->add_option("--test-share", arguments->options.test_share, "Share of the test part")
      ->check(number_between(0, 1, false))
      ->capture_default_str();
  add_embedding_dim(*command, arguments->options.embedding_dim);
  add_data_output(*command, arguments->output);
  command->callback([arguments] { run_movielens(*arguments); });
}

}  // namespace shardwright
