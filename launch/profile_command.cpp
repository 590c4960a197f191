#include "costmodel/errors.hpp"
#include "costmodel/timings/utf8.hpp"
#include "launch/budget.hpp"
#include "launch/commands.hpp"
#include "launch/profile_comm_command.hpp"
#include "launch/shell_line.hpp"
#include "launch/train_ranks.hpp"
#include "planner/spec/read_workload.hpp"
#include "planner/spec/spec_entry.hpp"
#include "runtime/comm/collectives.hpp"
#include "runtime/profile/machine_probe.hpp"
#include "runtime/profile/profile_compute.hpp"
#include "runtime/trainer/gather.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace shardwright {
namespace {

struct ComputeArguments {
  std::string budget = "20min";
  std::string pool;
  std::string clock = "wall";
  std::string tables = "1-30";
  std::string device = "cpu";
  std::string dtypes;
  std::optional<double> most_memory_gb;
  std::optional<double> most_pass_ms;
  ComputeProfileOptions options;
};

void parse_tables(const std::string& text, TableSetRanges& ranges) {
  const char* end = text.data() + text.size();
  const auto least = std::from_chars(text.data(), end, ranges.least_tables);
  const bool dash = least.ptr != end && *least.ptr == '-';
  const auto most = std::from_chars(least.ptr + (dash ? 1 : 0), end, ranges.most_tables);
  constexpr std::int64_t kMost = 1000;
  if (dash && most.ptr == end && most.ec == std::errc{} && ranges.least_tables >= 1 &&
      ranges.most_tables >= ranges.least_tables && ranges.most_tables <= kMost) {
    return;
  }
  throw UsageError(
      fmt::format("--tables is '{}', expected a range from 1 to {} such as 1-30.", text, kMost));
}

std::vector<PoolTable> read_pool(const std::string& file) {
  std::vector<PoolTable> pool;
  SpecSource source;
  source.file = file;
  const Workload workload = read_workload(source).workload;
  for (const Table& table : workload.tables) {
    pool.push_back({table.rows, table.dim, table.pooling});
  }
  return pool;
}

// A GPU has more memory, and does in a millisecond what takes a core a second or so.
void for_gpus(ComputeProfileOptions& options) {
  options.device = ProfiledDevice::cuda;
  options.ranges.most_memory_bytes = 16e9;
  options.ranges.least_pass_ms = 0.05;
  options.ranges.most_pass_ms = 20;
  options.ranges.speed = 300;
  options.ranges.cuts = false;  // whose row statistics would have to be exchanged
}

std::vector<DataType> parse_dtypes(const std::string& text) {
  std::vector<DataType> dtypes;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    dtypes.push_back(parse_data_type(text.substr(begin, end - begin)));
    begin = end + 1;
  }
  return dtypes;
}

ComputeProfileOptions options_of(const ComputeArguments& arguments) {
  ComputeProfileOptions options = arguments.options;
  options.budget_seconds = parse_budget(arguments.budget);
  parse_tables(arguments.tables, options.ranges);
  if (arguments.device == "cuda") for_gpus(options);
  if (arguments.most_memory_gb) options.ranges.most_memory_bytes = 1e9 * *arguments.most_memory_gb;
  if (arguments.most_pass_ms) options.ranges.most_pass_ms = *arguments.most_pass_ms;
  options.ranges.dtypes = parse_dtypes(arguments.dtypes);
  if (!arguments.pool.empty()) options.ranges.pool = read_pool(arguments.pool);
  options.clock = arguments.clock == "cpu" ? ProfileClock::cpu : ProfileClock::wall;
  return options;
}

// A header is lines of UTF-8; names of files may be neither.
std::string in_a_header(std::string text) {
  const bool is_text = is_utf8(text);
  for (char& letter : text) {
    const bool ends_line = letter == '\n' || letter == '\r';
    if (ends_line || (!is_text && static_cast<unsigned char>(letter) >= 0x80)) letter = '?';
  }
  return text;
}

// What measures the same sets again, without where to.
std::string command_line(const ComputeArguments& arguments, const CLI::App& command) {
  std::string line = fmt::format(
      "shardwright profile compute --device {} --tables {} --seed {} --clock {} --repeat {}",
      arguments.device, arguments.tables, arguments.options.seed, arguments.clock,
      arguments.options.repeat);
  for (const char* name : {"--dtypes", "--pool", "--memory", "--variants", "--most-pass-ms",
                           "--patience", "--sets", "--budget"}) {
    const CLI::Option* option = command.get_option(name);
    if (option->count() > 0) line += ' ' + shell_line({name, option->results().front()});
  }
  return in_a_header(line);
}

void print_progress(const ComputeProfileProgress& progress) {
  constexpr std::int64_t kEvery = 20;
  if (progress.sets % kEvery != 0) return;
  fmt::print(stderr, "{:>6} table sets, {:>6} new timings, {:.0f} s spent, at most {:.0f} s left\n",
             progress.sets, progress.rows, progress.spent_seconds, progress.left_seconds);
}

void profile_on(Communicator& comm, const ComputeArguments& arguments) {
  ComputeProfileOptions options;
  run_together(comm, [&] { options = options_of(arguments); });
  profile_compute(comm, options, print_progress);
}

void add_compute(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("compute", "Time the embedding operator on random table sets");
  command->footer(
      "Examples:\n"
      "  shardwright profile compute -o timings.csv --budget 20min\n"
      "  mpirun -n 2 shardwright profile compute -o timings.csv --pool tables.csv\n"
      "A file that exists is gone on with. Under mpirun all ranks measure at the same time.");
  const auto arguments = std::make_shared<ComputeArguments>();
  ComputeProfileOptions& options = arguments->options;
  constexpr std::int64_t kMany = std::int64_t{1} << 40;
  command->add_option("-o,--output", options.output, "CSV file, docs/timings.md")->required();
  command->add_option("--budget", arguments->budget, "Begin no table set after it")
      ->capture_default_str();
  command->add_option("--sets", options.most_sets, "Stop when the file has so many of this seed")
      ->check(CLI::Range(std::int64_t{1}, kMany).description(""));
  command->add_option("--pool", arguments->pool, "Draw half of the tables from this table spec");
  command->add_option("--tables", arguments->tables, "Tables per set")->capture_default_str();
  command
      ->add_option("--memory", arguments->most_memory_gb,
                   "GB of a set and rank at most (2; cuda 16)")
      ->check(CLI::Range(0.001, 1e6).description(""));
  command->add_option("--variants", options.variants, "Batches per table set")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1000}).description(""))
      ->capture_default_str();
  command
      ->add_option("--most-pass-ms", arguments->most_pass_ms,
                   "A rough guess of a pass, at most (150; cuda 20)")
      ->check(CLI::Range(0.1, 1e6).description(""));
  command
      ->add_option("--patience", options.effort.patience_s,
                   "Seconds of passes for one batch, however few were undisturbed")
      ->check(CLI::Range(0.01, 1e4).description(""))
      ->capture_default_str();
  command->add_option("--device", arguments->device, "cpu or cuda")
      ->check(CLI::IsMember({"cpu", "cuda"}).description(""))
      ->capture_default_str();
  command->add_option("--dtypes", arguments->dtypes,
                      "Formats of weights to draw from, such as fp32,bf16 (default fp32)");
  command->add_option("--repeat", options.repeat, "Number of this run of the same sets")
      ->check(CLI::Range(std::int64_t{1}, kMany).description(""))
      ->capture_default_str();
  command->add_option("--seed", options.seed, "Of table sets and ids")
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{kMany}).description(""))
      ->capture_default_str();
  command
      ->add_option("--clock", arguments->clock,
                   "wall, or cpu: what others take of a shared core does not count")
      ->check(CLI::IsMember({"wall", "cpu"}).description(""))
      ->capture_default_str();
  command->callback([arguments, command] {
    arguments->options.command = command_line(*arguments, *command);
    arguments->options.version = SHARDWRIGHT_VERSION;
    const int code = run_on_ranks([&](Communicator& comm) { profile_on(comm, *arguments); });
    if (code != 0) throw CLI::RuntimeError(code);  // what went wrong has been printed
  });
}

void print_probe(Communicator& comm) {
  const MachineProbe mine = probe_machine([&] { comm.barrier(); });
  const MachineProbe mean = mean_probe(gather(comm, mine));
  if (comm.rank() == RankId{0}) fmt::print("{}\n", to_string(mean));
}

void add_probe(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("probe", "Print what a core does, as `plan --probe` takes it");
  command->footer(
      "GB/s of copying (read plus written), GB/s of reading random rows of 512 bytes, GFLOP/s of\n"
      "multiply-adds. Under mpirun all ranks measure at the same time, and the mean counts.\n"
      "Examples:\n"
      "  mpirun -n 2 shardwright profile probe\n"
      "  shardwright plan tables.json --topology 2xcpu-8GiB --probe 22.6/5.3/7.3 -o plan.json");
  command->callback([] {
    const int code = run_on_ranks(print_probe);
    if (code != 0) throw CLI::RuntimeError(code);  // what went wrong has been printed
  });
}

}  // namespace

void add_profile_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("profile", "Measure this machine for `fit`");
  command->footer(
      "Examples:\n"
      "  shardwright profile compute -o timings.csv --budget 20min\n"
      "  mpirun -n 2 shardwright profile comm -o comm.csv --budget 5min");
  command->require_subcommand(1);
  add_compute(*command);
  add_profile_comm(*command);
  add_probe(*command);
}

}  // namespace shardwright
