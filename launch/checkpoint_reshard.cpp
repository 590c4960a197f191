#include "launch/checkpoint_options.hpp"
#include "planner/plan_json.hpp"
#include "runtime/checkpoint/reshard.hpp"

#include <fmt/format.h>

#include <memory>

namespace shardwright {
namespace {

struct ReshardArguments {
  std::string path;
  std::string plan;
  std::string output;
};

void run(const ReshardArguments& arguments) {
  const std::string folder = saved_folder(arguments.path);
  const Plan plan = read_plan(arguments.plan);
  reshard(folder, plan, arguments.output);
  fmt::print(stderr, "Wrote {} for the {} ranks of plan {} from {}.\n", arguments.output,
             plan.topology.size(), plan_id(plan), folder);
}

}  // namespace

void add_checkpoint_reshard(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "reshard", "Cut a saved model or checkpoint for another plan, in bounded memory");
  command->footer(
      "Examples:\n"
      "  shardwright checkpoint reshard out --plan plan_for_16.json -o resharded\n"
      "`train` reads checkpoints of any plan: this is for other readers, or to move files\n"
      "near to the ranks that will read them.");
  const auto arguments = std::make_shared<ReshardArguments>();
  add_saved_folder(*command, arguments->path);
  command->add_option("--plan", arguments->plan, "Plan file to cut for")->required();
  command->add_option("-o,--output", arguments->output, "Folder to write")->required();
  command->callback([arguments] { run(*arguments); });
}

}  // namespace shardwright
