#include "costmodel/errors.hpp"
#include "launch/commands.hpp"
#include "launch/failure_line.hpp"
#include "launch/refuse_arguments.hpp"

namespace shardwright {
namespace {

void add_missing(CLI::App& app, const std::string& name, const std::string& description) {
  CLI::App* command = app.add_subcommand(name, description + " (not in this build)");
  command->prefix_command();
  command->callback([name] {
    throw EnvironmentError("This shardwright was built for planning only, so it has no `" + name +
                           "`: build it with -DSHARDWRIGHT_RUNTIME=ON (needs MPI and LibTorch).");
  });
}

}  // namespace

void add_data_command(CLI::App& app) { add_missing(app, "data", "Prepare training data"); }
void add_train_command(CLI::App& app) { add_missing(app, "train", "Train a sharded model"); }
void add_doctor_command(CLI::App& app) {
  add_missing(app, "doctor", "Look at where ranks would run");
}
void add_checkpoint_command(CLI::App& app) {
  add_missing(app, "checkpoint", "Look into saved models and checkpoints");
}
void add_bench_command(CLI::App& app) { add_missing(app, "bench", "Time the steps of a plan"); }
void add_launch_command(CLI::App& app) { add_missing(app, "launch", "Run a job under mpirun"); }
void add_profile_command(CLI::App& app) { add_missing(app, "profile", "Measure this machine"); }
void add_fit_command(CLI::App& app) { add_missing(app, "fit", "Fit a cost model"); }

int refuse_arguments(const std::string& message) {
  print_failure(message);
  return static_cast<int>(ExitCode::usage);
}

}  // namespace shardwright
