#include "costmodel/errors.hpp"
#include "launch/commands.hpp"
#include "launch/job/elastic_job.hpp"
#include "launch/job/host_check.hpp"
#include "launch/job/hosted_job.hpp"
#include "launch/job/job_shape.hpp"
#include "launch/job/single_copy.hpp"
#include "launch/job/watched_process.hpp"
#include "runtime/checkpoint/checkpoint_interval.hpp"

#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace shardwright {
namespace {

struct LaunchArguments {
  std::int64_t ranks = 0;
  std::int64_t threads = 1;
  std::string hosts_file;
  std::string hosts;
  std::int64_t mpi_major = 0;
  std::string print;
  MpiJobOptions mpijob;
  bool elastic = false;
  std::int64_t restarts = ElasticOptions{}.restarts;
  std::string grow_after = "10min";
  std::string host_limit = "10s";
  std::vector<std::string> command;
};

std::int64_t cores_here() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return std::max(1, CPU_COUNT(&set));
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::vector<JobHost> find_hosts(const LaunchArguments& arguments) {
  if (!arguments.hosts_file.empty() && !arguments.hosts.empty()) {
    throw UsageError("--hosts and --host both name hosts; give one of them.");
  }
  if (!arguments.hosts_file.empty()) return read_hosts_file(arguments.hosts_file);
  if (!arguments.hosts.empty()) return parse_hosts(arguments.hosts);
  const std::string nodes = variable("SLURM_JOB_NODELIST");
  const std::string tasks = variable("SLURM_TASKS_PER_NODE");
  if (nodes.empty() || tasks.empty()) return {};
  return slurm_hosts(nodes, tasks);
}

/// The first number that `mpirun --version` says; 4 if it says none.
std::int64_t installed_mpi_major() {
  std::FILE* out = ::popen("mpirun --version 2>/dev/null", "r");
  if (out == nullptr) return 4;
  std::array<char, 256> line = {};
  const bool read = std::fgets(line.data(), static_cast<int>(line.size()), out) != nullptr;
  ::pclose(out);
  const std::string_view text = read ? line.data() : "";
  const std::size_t digit = text.find_first_of("0123456789");
  return digit == std::string_view::npos ? 4 : text[digit] - '0';
}

/// Of an allocation of one node, the script runs on that node.
bool is_only_here(const std::vector<JobHost>& hosts) {
  return hosts.size() == 1 && is_this_machine(hosts.front().name);
}

JobShape shape_of(const LaunchArguments& arguments) {
  JobShape shape{.hosts = find_hosts(arguments),
                 .ranks = arguments.ranks,
                 .threads = arguments.threads,
                 .cores = 0,
                 .mpi_major = arguments.mpi_major};
  if (shape.mpi_major == 0) shape.mpi_major = installed_mpi_major();
  if (shape.hosts.empty() || is_only_here(shape.hosts)) shape.cores = cores_here();
  const std::int64_t room = shape.hosts.empty()
                                ? std::max<std::int64_t>(1, shape.cores / shape.threads)
                                : num_slots(shape.hosts);
  if (shape.ranks == 0) shape.ranks = room;
  if (!shape.hosts.empty() && shape.ranks > room) {
    throw UsageError(
        fmt::format("-n {} asks for more ranks than the {} that the hosts take: give "
                    "them more slots, or more hosts.",
                    shape.ranks, room));
  }
  return shape;
}

/// With the path of this program in front, so that all ranks run the same.
std::vector<std::string> full_command(const LaunchArguments& arguments) {
  constexpr std::array<std::string_view, 4> kOnRanks = {"bench", "doctor", "profile", "train"};
  const std::vector<std::string>& words = arguments.command;
  if (words.empty() ||
      std::find(kOnRanks.begin(), kOnRanks.end(), words.front()) == kOnRanks.end()) {
    throw UsageError(
        "After -- comes what the ranks run: train, bench, profile or doctor, with its options.");
  }
  std::vector<std::string> command = {arguments.print.empty()
                                          ? std::filesystem::read_symlink("/proc/self/exe").string()
                                          : "shardwright"};
  command.insert(command.end(), words.begin(), words.end());
  return command;
}

void print(const JobShape& shape, const LaunchArguments& arguments) {
  const std::vector<std::string> command = full_command(arguments);
  if (arguments.print == "mpirun") {
    fmt::print("{}\n", shell_line(mpirun_line(shape, command)));
  } else if (arguments.print == "slurm") {
    fmt::print("{}", slurm_script(shape, command));
  } else {
    if (arguments.mpijob.image.empty()) {
      throw UsageError(
          "--print mpijob needs --image: what the pods run, with shardwright and sshd.");
    }
    fmt::print("{}", mpijob_manifest(shape, arguments.mpijob, command));
  }
}

/// mpirun's own sentence does not say that two variables are needed.
void require_runnable() {
  if (::geteuid() != 0 || (!variable("OMPI_ALLOW_RUN_AS_ROOT").empty() &&
                           !variable("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM").empty())) {
    return;
  }
  throw EnvironmentError(
      "mpirun does not run as root unless it is told so: set OMPI_ALLOW_RUN_AS_ROOT=1 and "
      "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 if this is a container, or become another user.");
}

/// Of a time, or `never`: nothing.
std::optional<double> seconds_of(const std::string& option, const std::string& text) {
  if (text == "never") return std::nullopt;
  const std::optional<double> seconds = parse_checkpoint_interval(text).seconds;
  if (seconds) return seconds;
  throw UsageError(fmt::format("{} '{}' is no time: write 90s, 10min, 2h or never.", option, text));
}

double host_seconds(const LaunchArguments& arguments) {
  return seconds_of("--host-limit", arguments.host_limit).value_or(0);
}

ElasticOptions elastic_options(const LaunchArguments& arguments) {
  return {.restarts = arguments.restarts,
          .grow_after_seconds = seconds_of("--grow-after", arguments.grow_after),
          .host_seconds = host_seconds(arguments)};
}

void end_with(int code) {
  if (code != 0) throw CLI::RuntimeError(code);
}

void run(const LaunchArguments& arguments) {
  const JobShape shape = shape_of(arguments);
  if (!arguments.print.empty()) return print(shape, arguments);
  require_runnable();
  const std::vector<std::string> command = full_command(arguments);
  ::setenv("OMP_NUM_THREADS", fmt::to_string(shape.threads).c_str(), 1);
  choose_single_copy(can_read_other_process());
  if (arguments.elastic) {
    return end_with(run_elastic(shape, elastic_options(arguments), command));
  }
  if (!shape.hosts.empty()) return end_with(run_hosted(shape, command, host_seconds(arguments)));
  const std::vector<std::string> line = mpirun_line(shape, command);
  fmt::print(stderr, "{}\n", shell_line(line));
  std::fflush(nullptr);
  become(line);
}

void add_elastic(CLI::App& command, LaunchArguments& arguments) {
  command.add_flag("--elastic", arguments.elastic,
                   "When a rank dies, plan for those that are left and go on from the last\n"
                   "checkpoint");
  command.add_option("--restarts", arguments.restarts, "Of --elastic, at most")
      ->check(CLI::Range(0, 1000000))
      ->capture_default_str();
  command
      .add_option("--grow-after", arguments.grow_after,
                  "Of --elastic: how long to stay on fewer ranks, or never")
      ->capture_default_str();
}

void add_mpijob(CLI::App& command, LaunchArguments& arguments) {
  command.add_option("--image", arguments.mpijob.image, "Of --print mpijob: container image");
  command.add_option("--name", arguments.mpijob.name, "Of --print mpijob: name of the job")
      ->capture_default_str();
  command
      .add_option("--shared-memory", arguments.mpijob.shared_memory,
                  "Of --print mpijob: size of a worker's /dev/shm")
      ->capture_default_str();
  command.add_option("--volume-claim", arguments.mpijob.volume_claim,
                     "Of --print mpijob: persistent volume claim to mount as /data");
}

}  // namespace

void add_launch_command(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("launch", "Run a job under mpirun, or print how to start it elsewhere");
  command->footer(
      "Examples:\n"
      "  shardwright launch -n 4 -- train config.json --plan plan.json --output out\n"
      "  shardwright launch --hosts hosts --threads 8 -- train config.json --output out\n"
      "  shardwright launch -n 4 --elastic -- train config.json --checkpoint-every 10min --output "
      "out\n"
      "  shardwright launch --host a:8,b:8 --print slurm -- train config.json > job.sh\n"
      "Without hosts: those of a Slurm allocation, or else this machine (docs/launch.md).");
  const auto arguments = std::make_shared<LaunchArguments>();
  command->add_option("-n,--ranks", arguments->ranks, "Ranks (default: all slots, or one per core)")
      ->check(CLI::Range(1, 1000000));
  command->add_option("--threads", arguments->threads, "Cores for each rank")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  command->add_option("--hosts", arguments->hosts_file, "Hosts file: lines as nodeA slots=8");
  command->add_option("--host", arguments->hosts, "Hosts, as nodeA:8,nodeB:8");
  command
      ->add_option("--host-limit", arguments->host_limit,
                   "For how long a host may take to answer, or never: do not ask")
      ->capture_default_str();
  command->add_option("--print", arguments->print, "mpirun | slurm | mpijob: print it, run nothing")
      ->check(CLI::IsMember({"mpirun", "slurm", "mpijob"}));
  command
      ->add_option("--mpi-version", arguments->mpi_major,
                   "Open MPI's major version (default: that of mpirun here)")
      ->check(CLI::Range(4, 5));
  add_elastic(*command, *arguments);
  add_mpijob(*command, *arguments);
  command->add_option("COMMAND", arguments->command, "After --: train, bench, profile or doctor …");
  command->callback([arguments] { run(*arguments); });
}

}  // namespace shardwright
