#include "launch/commands.hpp"
#include "launch/data_options.hpp"

namespace shardwright {

void add_data_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("data", "Prepare training data, and time reading it");
  command->footer(
      "Examples:\n"
      "  shardwright data movielens data/movielens_latest_small -o out/movielens\n"
      "  shardwright data criteo train.txt -o out/criteo --rows 100000\n"
      "  shardwright data numpy criteo_npy --test criteo_npy/day_23 -o out/criteo\n"
      "  shardwright data synthetic tables.json -o out/synthetic --samples 1000000\n"
      "  shardwright data throughput out/criteo");
  command->require_subcommand(1);
  add_data_movielens(*command);
  add_data_criteo(*command);
  add_data_synthetic(*command);
  add_data_numpy(*command);
  add_data_throughput(*command);
}

}  // namespace shardwright
