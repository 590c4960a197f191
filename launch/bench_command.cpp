#include "costmodel/errors.hpp"
#include "launch/commands.hpp"
#include "launch/train_ranks.hpp"
#include "planner/plan_json.hpp"
#include "runtime/bench/bench.hpp"
#include "runtime/bench/bench_comparison.hpp"
#include "runtime/comm/collectives.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace shardwright {
namespace {

struct BenchArguments {
  std::vector<std::string> plans;
  std::string optimizer;
  std::string unique_rows;
  std::string device = "cpu";
  std::string communication_thread = "auto";
  BenchOptions options;
  double wait_limit_s = 1800;
  bool json = false;
};

template <class Parse>
auto value_of_flag(const char* flag, const std::string& text, Parse parse) {
  try {
    return parse(text);
  } catch (const InputError& error) {
    throw UsageError(fmt::format("{}: {}", flag, error.what()));
  }
}

BenchOptions options_of(const BenchArguments& arguments) {
  BenchOptions options = arguments.options;
  options.may_take_turns = true;
  options.backend.backend = value_of_flag("--device", arguments.device, parse_backend);
  options.communication_thread = value_of_flag(
      "--communication-thread", arguments.communication_thread, parse_communication_thread);
  if (!arguments.unique_rows.empty()) {
    options.unique_rows = parse_unique_rows_choice(arguments.unique_rows);
  }
  if (arguments.optimizer.empty()) return options;
  options.optimizer = value_of_flag("--optimizer", arguments.optimizer, parse_optimizer);
  return options;
}

void print(const std::string& text) {
  if (std::fputs(text.c_str(), stdout) < 0 || std::fflush(stdout) != 0) {
    throw EnvironmentError(
        fmt::format("Standard output cannot be written: {}.", std::strerror(errno)));
  }
}

std::string text_of(const std::vector<BenchResult>& results, const BenchArguments& arguments) {
  if (results.size() == 1) {
    const BenchResult& result = results.front();
    return arguments.json ? bench_to_json(result).dump(1) + "\n" : bench_to_text(result);
  }
  std::vector<BenchedPlan> plans;
  for (std::size_t p = 0; p < results.size(); ++p) {
    plans.push_back({arguments.plans[p], results[p]});
  }
  return arguments.json ? comparison_to_json(plans).dump(1) + "\n" : comparison_to_text(plans);
}

void bench_on(Communicator& comm, const BenchArguments& arguments) {
  const bool is_first = comm.rank() == RankId{0};
  BenchOptions options;
  std::vector<Plan> plans;
  comm.set_wait_limit_s(arguments.wait_limit_s);
  run_together(comm, [&] {
    options = options_of(arguments);
    for (const std::string& file : arguments.plans) {
      plans.push_back(plan_to_bench(read_plan(file), options));
    }
  });
  const std::vector<BenchResult> results = run_benches(comm, plans, options);
  run_together(comm, [&] {
    if (is_first) print(text_of(results, arguments));
  });
}

void add_options(CLI::App& command, BenchArguments& arguments) {
  constexpr std::int64_t kMany = std::int64_t{1} << 40;
  BenchOptions& options = arguments.options;
  command
      .add_option(
          "PLAN", arguments.plans,
          "Plan files, for as many ranks as this job has; several take their steps in turns")
      ->required();
  command.add_option("--steps", options.steps, "Steps that are timed")
      ->check(CLI::Range(std::int64_t{1}, kMany).description(""))
      ->capture_default_str();
  command.add_option("--warmup", options.warmup_steps, "Steps before them")
      ->check(CLI::Range(std::int64_t{0}, kMany).description(""))
      ->capture_default_str();
  command
      .add_option("--patience", options.patience_s,
                  "Seconds in which to look for steps that nobody else on the machine disturbs")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command.add_option("--optimizer", arguments.optimizer,
                     "For every table (default: each table's own)");
  command.add_option(
      "--unique-rows", arguments.unique_rows,
      "Tables that are exchanged as distinct rows: none, cheaper or all (default: the "
      "plan's)");
  command.add_option("--zipf", options.zipf, "Skew of the synthetic ids")
      ->check(CLI::Range(0.0, 10.0).description(""))
      ->capture_default_str();
  command
      .add_option("--batch-size", options.batch_size,
                  "Samples per step over all ranks (default: the plan's)")
      ->check(CLI::Range(std::int64_t{1}, kMany).description(""));
  command.add_option("--seed", options.seed, "Of weights and ids")->capture_default_str();
  command
      .add_option("--threads", options.threads, "Threads per rank, of look-up, update and LibTorch")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{4096}).description(""))
      ->capture_default_str();
  command
      .add_option("--wait-limit-s", arguments.wait_limit_s,
                  "Seconds for which ranks wait for each other; 0: for ever")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command.add_flag("--overlap,!--no-overlap", options.overlap,
                   "Whether ranks exchange while they compute (default: no)");
  command
      .add_option("--communication-thread", arguments.communication_thread,
                  "auto | on | off: with --overlap, a thread for messages alone beside --threads")
      ->capture_default_str();
  command.add_flag(
      "--without-phases", options.without_phases,
      "Also time steps that leave out a phase, for each: what it costs beside the rest");
  command.add_option("--device", arguments.device, "cpu | cuda")->capture_default_str();
  command.add_flag("--allow-shared-gpu", options.backend.allow_shared_gpu,
                   "Let several ranks share a GPU: for tests, slow");
  command.add_flag("--dense", options.dense,
                   "Train a DLRM (13 dense features, bottom 64-D, top 128-64-1) around the tables");
  command.add_flag("--json", arguments.json, "Print one JSON document");
}

}  // namespace

void add_bench_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "bench", "Time the steps of plans on synthetic ids, beside what they predict");
  command->footer(
      "Examples:\n"
      "  mpirun -n 2 shardwright bench plan.json --steps 50 --batch-size 4096\n"
      "  mpirun -n 8 shardwright bench plan.json --optimizer rowwise_adagrad --zipf 1.05 --json\n"
      "  mpirun -n 2 shardwright bench running.json proposed.json --patience 10\n"
      "With more ranks than cores, ranks take turns and a step is composed of their phases.");
  const auto arguments = std::make_shared<BenchArguments>();
  add_options(*command, *arguments);
  command->callback([arguments] {
    const int code = run_on_ranks([&](Communicator& comm) { bench_on(comm, *arguments); });
    if (code != 0) throw CLI::RuntimeError(code);  // what went wrong has been printed
  });
}

}  // namespace shardwright
