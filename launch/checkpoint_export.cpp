#include "launch/checkpoint_options.hpp"
#include "runtime/checkpoint/export_weights.hpp"

#include <fmt/format.h>

#include <memory>

namespace shardwright {
namespace {

struct ExportArguments {
  std::string path;
  std::string output;
  bool with_state = false;
};

void run(const ExportArguments& arguments) {
  const std::string folder = saved_folder(arguments.path);
  export_weights(folder, arguments.output, arguments.with_state);
  fmt::print(stderr, "Wrote {} from {}.\n", arguments.output, folder);
}

}  // namespace

void add_checkpoint_export(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("export", "Write whole tables and the dense part to one safetensors file");
  command->footer(
      "Examples:\n"
      "  shardwright checkpoint export out/model -o model.safetensors\n"
      "  shardwright checkpoint export out --state -o all.safetensors\n"
      "Tensors are named <table>.weight, bottom.0.weight, … (docs/checkpoints.md).");
  const auto arguments = std::make_shared<ExportArguments>();
  add_saved_folder(*command, arguments->path);
  command->add_option("-o,--output", arguments->output, "File to write")->required();
  command->add_flag("--state", arguments->with_state, "Also the optimizers' state");
  command->callback([arguments] { run(*arguments); });
}

}  // namespace shardwright
