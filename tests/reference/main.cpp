#include "comparison.hpp"
#include "data_folder.hpp"
#include "model.hpp"
#include "saved_weights.hpp"
#include "settings.hpp"
#include "training.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>

namespace {

struct Arguments {
  std::string config;
  std::string data;
  std::string metrics;
};

void run(const Arguments& arguments) {
  using namespace reference;
  const Settings settings = read_settings(arguments.config, arguments.data);
  const DataFolder train_part = read_data_folder(settings.data + "/train");
  const DataFolder test_part = read_data_folder(settings.data + "/test");
  Model model(settings, train_part);
  const TrainingResult result = train(model, settings, train_part, test_part);
  if (arguments.metrics.empty()) return;
  const std::string folder =
      (std::filesystem::path(arguments.metrics).parent_path() / "model").string();
  require_same_run(arguments.metrics, folder);
  const WeightDifference weights =
      largest_weight_difference(read_saved_weights(folder), model.weights());
  const ShardedRun sharded = read_sharded_run(arguments.metrics);
  std::fputs(comparison_table(sharded, result, weights).c_str(), stdout);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Trains the unsharded model of a train config with LibTorch alone, to compare a sharded run "
      "with it.\nExample: dlrm_reference train.json --compare out/metrics.jsonl",
      "dlrm_reference");
  Arguments arguments;
  app.add_option("config", arguments.config, "train config (JSON)")->required();
  app.add_option("--data", arguments.data, "data folder, instead of the config's");
  app.add_option("--compare", arguments.metrics,
                 "metrics.jsonl of a sharded run with this config, model/ beside it");
  CLI11_PARSE(app, argc, argv);
  try {
    run(arguments);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "dlrm_reference: %s\n", error.what());
    return 1;
  }
  return 0;
}
