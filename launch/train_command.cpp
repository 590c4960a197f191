#include "launch/commands.hpp"
#include "launch/train_ranks.hpp"
#include "launch/train_settings.hpp"
#include "planner/input_file.hpp"
#include "runtime/comm/collectives.hpp"
#include "runtime/comm/mpi_communicator.hpp"
#include "runtime/trainer/trainer.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

namespace shardwright {
namespace {

// Signal handlers reach nothing else.
volatile std::sig_atomic_t stop_requested = 0;

volatile std::sig_atomic_t checkpoint_requested = 0;

extern "C" void request_stop(int /*signal*/) { stop_requested = 1; }
extern "C" void request_checkpoint(int /*signal*/) { checkpoint_requested = 1; }

bool take_checkpoint_request() {
  const bool requested = checkpoint_requested != 0;
  checkpoint_requested = 0;
  return requested;
}

/// The first signal asks for a clean end, a second one kills; SIGUSR2 is one that mpirun passes on
/// without setting the ranks a time. SIGUSR1, which schedulers send some
/// time before, asks for a checkpoint. A file over the size limit becomes an error of write()
/// instead of a death.
void catch_signals() {
  struct sigaction action = {};
  action.sa_handler = request_stop;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGUSR2, &action, nullptr);
  action.sa_handler = request_checkpoint;
  action.sa_flags = static_cast<int>(SA_RESTART);
  sigaction(SIGUSR1, &action, nullptr);
  std::signal(SIGXFSZ, SIG_IGN);
}

TrainConfig load_config(const TrainArguments& arguments) {
  TrainConfig config;
  if (!arguments.config_file.empty()) config = read_train_config(arguments.config_file);
  apply_train_settings(JsonView(arguments.flags, "command line"), config);
  config.dense_torchscript = arguments.dense_torchscript;
  return config;
}

MadeBy made_by(const TrainArguments& arguments, const TrainConfig& config) {
  MadeBy made_by{.command = "shardwright train", .version = SHARDWRIGHT_VERSION, .inputs = {}};
  for (const std::string& file :
       {arguments.config_file, config.plan, arguments.dense_torchscript}) {
    if (!file.empty()) made_by.inputs[file] = fingerprint(read_input_file(file).content);
  }
  return made_by;
}

ProgressOptions progress_on_stderr(bool on_terminal) {
  constexpr double kPlainSeconds = 5;
  constexpr double kTerminalSeconds = 0.2;
  ProgressOptions options;
  options.write = [](const std::string& text) {
    std::fputs(text.c_str(), stderr);
    std::fflush(stderr);
  };
  options.rewrite_line = on_terminal;
  options.seconds_between = options.rewrite_line ? kTerminalSeconds : kPlainSeconds;
  return options;
}

void print_summary(const TrainSummary& summary, bool json) {
  const std::string text =
      json ? summary_to_json(summary).dump(1) + "\n" : summary_to_text(summary);
  if (std::fputs(text.c_str(), stdout) < 0 || std::fflush(stdout) != 0) {
    throw EnvironmentError(
        fmt::format("Standard output cannot be written: {}.", std::strerror(errno)));
  }
}

void train_on(Communicator& comm, const TrainArguments& arguments, bool on_terminal) {
  TrainConfig config;
  TrainSurroundings surroundings;
  run_together(comm, [&] {
    config = load_config(arguments);
    comm.set_wait_limit_s(config.wait_limit_s);
    surroundings.made_by = made_by(arguments, config);
  });
  surroundings.interrupted = [] { return stop_requested != 0; };
  surroundings.checkpoint_asked = take_checkpoint_request;
  surroundings.progress = progress_on_stderr(on_terminal);
  const TrainSummary summary = train(comm, config, surroundings);
  run_together(comm, [&] {
    if (comm.rank() == RankId{0}) print_summary(summary, arguments.json);
  });
}

int run_train(const TrainArguments& arguments) {
  // Before MPI, which sets what a launcher would set.
  const bool on_terminal = isatty(STDERR_FILENO) == 1 && !started_by_launcher();
  return run_on_ranks([&](Communicator& comm) {
    catch_signals();
    train_on(comm, arguments, on_terminal);
  });
}

}  // namespace

void add_train_command(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("train", "Train a sharded model, under mpirun or srun or as one process");
  command->footer(
      "Examples:\n"
      "  mpirun -n 4 shardwright train config.json --plan plan.json --output out\n"
      "  shardwright train --data data --batch-size 1024 --learning-rate 0.03\n"
      "Every option below is a key of the config file too (docs/train.md); options win.");
  const auto arguments = std::make_shared<TrainArguments>();
  command->add_option("config", arguments->config_file, "Train config (JSON)");
  command->add_flag("--json", arguments->json, "Print the summary as one JSON document");
  add_train_settings(*command, arguments);
  command->callback([arguments] {
    const int code = run_train(*arguments);
    if (code != 0) throw CLI::RuntimeError(code);  // what went wrong has been printed
  });
}

}  // namespace shardwright
