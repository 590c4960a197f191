#pragma once

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <memory>
#include <string>

namespace shardwright {

/// What the command line of `train` says.
struct TrainArguments {
  std::string config_file;
  std::string dense_torchscript;
  nlohmann::json flags = nlohmann::json::object();  ///< keys of the config file
  bool json = false;
};

/// An option for each key of a train config, kept in `flags`, and --dense-torchscript.
void add_train_settings(CLI::App& command, const std::shared_ptr<TrainArguments>& arguments);

}  // namespace shardwright
