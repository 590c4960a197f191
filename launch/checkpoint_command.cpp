#include "costmodel/errors.hpp"
#include "launch/checkpoint_options.hpp"
#include "launch/commands.hpp"
#include "runtime/checkpoint/checkpoint_folders.hpp"
#include "runtime/checkpoint/model_folder.hpp"

#include <fmt/format.h>

#include <filesystem>

namespace shardwright {

void add_saved_folder(CLI::App& command, std::string& path) {
  command
      .add_option("FOLDER", path, "A saved model or checkpoint, or the output folder of a training")
      ->required();
}

std::string saved_folder(const std::string& path) {
  if (std::filesystem::exists(fmt::format("{}/{}", path, kModelIndexFile))) return path;
  for (const std::string& folder : {path, path + "/checkpoints"}) {
    const auto steps = checkpoint_steps(folder);
    if (!steps.empty()) return checkpoint_folder(folder, steps.back());
  }
  throw InputError(fmt::format(
      "{} holds no saved model and no checkpoint: name a folder with an index.json, or the output "
      "folder of a training with --checkpoint-every.",
      path));
}

void add_checkpoint_command(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("checkpoint", "Look into saved models and checkpoints, or convert them");
  command->footer(
      "Examples:\n"
      "  shardwright checkpoint inspect out\n"
      "  shardwright checkpoint verify out/checkpoints/step-000000001000\n"
      "  shardwright checkpoint reshard out --plan plan_for_16.json -o resharded\n"
      "  shardwright checkpoint export out/model -o model.safetensors\n"
      "A training's output folder stands for its latest checkpoint.");
  command->require_subcommand(1);
  add_checkpoint_inspect(*command);
  add_checkpoint_verify(*command);
  add_checkpoint_reshard(*command);
  add_checkpoint_export(*command);
}

}  // namespace shardwright
