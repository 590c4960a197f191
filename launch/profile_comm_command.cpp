#include "launch/profile_comm_command.hpp"

#include "costmodel/errors.hpp"
#include "launch/budget.hpp"
#include "launch/shell_line.hpp"
#include "launch/train_ranks.hpp"
#include "runtime/comm/collectives.hpp"
#include "runtime/comm/mpi_communicator.hpp"
#include "runtime/profile/processor_name.hpp"
#include "runtime/profile/profile_comm.hpp"
#include "runtime/trainer/progress.hpp"

#include <fmt/format.h>

#include <memory>
#include <string>

namespace shardwright {
namespace {

struct CommArguments {
  std::string budget = "20min";
  std::string most_bytes = "512MiB";
  CommProfileOptions options;
};

CommProfileOptions options_of(const CommArguments& arguments) {
  CommProfileOptions options = arguments.options;
  options.budget_seconds = parse_budget(arguments.budget);
  options.most_bytes = parse_bytes(arguments.most_bytes);
  if (options.most_bytes < Bytes{512}) {
    throw UsageError(fmt::format("--most-bytes is {}, but the smallest size measured is 512 B.",
                                 arguments.most_bytes));
  }
  options.hardware = processor_name();
  options.library = mpi_library_name();
  options.command = fmt::format("shardwright profile comm --most-bytes {} --seed {} --repeat {}",
                                arguments.most_bytes, options.seed, options.repeat);
  options.version = SHARDWRIGHT_VERSION;
  if (!options.link.empty()) options.command += ' ' + shell_line({"--link", options.link});
  return options;
}

// Not for every call: there are hundreds a second at first.
void print_progress(const CommProfileProgress& progress) {
  constexpr std::int64_t kEvery = 11;
  if (progress.measured % kEvery != 0 && progress.measured != progress.total) return;
  fmt::print(stderr, "{:>4} of {} calls, {} spent, about {} left\n", progress.measured,
             progress.total, format_duration(progress.spent_seconds),
             format_duration(progress.left_seconds));
}

void print_end(const CommArguments& arguments, const CommProfileEnd& end) {
  const CommProfileRun& run = end.run;
  fmt::print(stderr, "{}: {} of {} calls up to {}; {} ranks, {} on a node; {}.\n",
             arguments.options.output, end.measured, end.total, format_bytes(end.largest),
             run.ranks, run.ranks_per_node, run.setting.link);
  if (end.too_large > 0) {
    fmt::print(stderr,
               "{} calls were left out: they do not fit into half of the {} that are free for each "
               "rank.\n",
               end.too_large, format_bytes(end.free));
  }
  if (end.apart > 0) {
    fmt::print(stderr,
               "{} calls of exchanges in place were left out: not all ranks can map each other's "
               "memory, so that training exchanges by messages (docs/train.md, \"Between ranks of "
               "one host\").\n",
               end.apart);
  }
  if (end.measured < end.total) {
    fmt::print(stderr, "The budget is spent; the same command goes on with the rest.\n");
  }
}

void profile_on(Communicator& comm, const CommArguments& arguments) {
  CommProfileOptions options;
  run_together(comm, [&] { options = options_of(arguments); });
  const CommProfileEnd end = profile_comm(comm, options, print_progress);
  if (comm.rank() == RankId{0}) print_end(arguments, end);
}

}  // namespace

void add_profile_comm(CLI::App& profile) {
  CLI::App* command = profile.add_subcommand(
      "comm", "Time the exchanges between ranks, and what ranks do around them");
  command->footer(
      "Examples:\n"
      "  mpirun -n 2 shardwright profile comm -o comm.csv --budget 5min\n"
      "  shardwright fit comm.csv -o comm.json\n"
      "A file that exists is gone on with, also on another number of ranks.");
  const auto arguments = std::make_shared<CommArguments>();
  CommProfileOptions& options = arguments->options;
  constexpr std::int64_t kMany = std::int64_t{1} << 40;
  command->add_option("-o,--output", options.output, "CSV file, docs/timings.md")->required();
  command->add_option("--budget", arguments->budget, "Begin no call after it")
      ->capture_default_str();
  command->add_option("--most-bytes", arguments->most_bytes, "Largest size, as memory allows")
      ->capture_default_str();
  command->add_option("--link", options.link,
                      "What joins the ranks (default: shared memory, or network)");
  command->add_option("--repeat", options.repeat, "Number of this run of the same calls")
      ->check(CLI::Range(std::int64_t{1}, kMany).description(""))
      ->capture_default_str();
  command->add_option("--seed", options.seed, "Of uneven sizes and delays")
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{kMany}).description(""))
      ->capture_default_str();
  command->callback([arguments] {
    const int code = run_on_ranks([&](Communicator& comm) { profile_on(comm, *arguments); });
    if (code != 0) throw CLI::RuntimeError(code);  // what went wrong has been printed
  });
}

}  // namespace shardwright
