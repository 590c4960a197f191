// What `launch` makes of hosts, and what it starts or prints.

#include "costmodel/errors.hpp"
#include "launch/job/elastic_job.hpp"
#include "launch/job/host_check.hpp"
#include "launch/job/job_shape.hpp"
#include "launch/job/mpirun_words.hpp"
#include "launch/job/remaining_ranks.hpp"
#include "launch/job/watched_process.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <string>
#include <vector>

namespace shardwright {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Words = std::vector<std::string>;

std::string written(const std::string& name, const std::string& text) {
  const std::string file =
      fmt::format("{}/launch_job_test_{}_{}", testing::TempDir(), ::getpid(), name);
  std::ofstream(file) << text;
  return file;
}

TEST(Hosts, AreReadFromAFile) {
  const std::string file =
      written("hosts", "# two of them\nnodeA slots=8\n\nnode-b.example # one\n");
  EXPECT_THAT(read_hosts_file(file),
              ElementsAre(JobHost{"nodeA", 8}, JobHost{"node-b.example", 1}));
}

TEST(Hosts, AFaultIsToldWithItsLine) {
  for (const char* text : {"a slots=8\nb slots=x\n", "a\nb slot=2\n", "a\n-x\n", "a\nb;reboot\n"}) {
    try {
      read_hosts_file(written("bad_hosts", text));
      FAIL() << text;
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), HasSubstr("bad_hosts:2: "));
    }
  }
  EXPECT_THROW(read_hosts_file(written("no_hosts", "# none\n")), InputError);
}

TEST(Hosts, AreReadFromAList) {
  EXPECT_THAT(parse_hosts("a:4,b"), ElementsAre(JobHost{"a", 4}, JobHost{"b", 1}));
  for (const char* list : {"", "a:0", "a:x", "--x:1", "a:4,,b"}) {
    EXPECT_THROW(parse_hosts(list), UsageError) << list;
  }
}

TEST(Hosts, AreThoseOfASlurmAllocation) {
  EXPECT_THAT(slurm_hosts("n[08-10,2],login", "4(x3),2,1"),
              ElementsAre(JobHost{"n08", 4}, JobHost{"n09", 4}, JobHost{"n10", 4}, JobHost{"n2", 2},
                          JobHost{"login", 1}));
  EXPECT_THAT(slurm_hosts("one", "3"), ElementsAre(JobHost{"one", 3}));
  EXPECT_THROW(slurm_hosts("n[1-3]", "2"), InputError);
  EXPECT_THROW(slurm_hosts("n[1-", "2"), InputError);
  EXPECT_THROW(slurm_hosts("n[1-999999999]", "2"), InputError);
  EXPECT_THROW(slurm_hosts("n[1-2]", "1(x999999999999)"), InputError);
}

TEST(Hosts, OfSlurmHaveNamesThatHostsCanHave) {
  EXPECT_THROW(slurm_hosts("n[9223372036854775807]", "1(x2)"), InputError);
  EXPECT_THROW(slurm_hosts("n[" + std::string(300, '0') + "]", "1"), InputError);
  EXPECT_THROW(slurm_hosts(std::string(300, 'n'), "1"), InputError);
}

TEST(Hosts, OfSlurmHaveNamesThatAreNoCommands) {
  for (const char* list : {"-x", "n[1-1];reboot", "a b", "$(x)"}) {
    EXPECT_THROW(slurm_hosts(list, "1"), InputError) << list;
  }
}

TEST(MpirunLine, BindsEachRankToItsCores) {
  EXPECT_EQ(shell_line(mpirun_line({.ranks = 2, .threads = 4, .cores = 8}, {"p", "it's"})),
            "mpirun -n 2 --map-by slot:PE=4 --bind-to core p "
            "'it'\\''s'");
}

TEST(MpirunLine, DoesNotBindMoreRanksThanCores) {
  EXPECT_THAT(shell_line(mpirun_line({.ranks = 4, .cores = 2}, {"p"})),
              HasSubstr("--oversubscribe --bind-to none"));
  EXPECT_THAT(shell_line(mpirun_line({.ranks = 4, .cores = 2, .mpi_major = 5}, {"p"})),
              HasSubstr("--map-by slot:OVERSUBSCRIBE --bind-to none p"));
}

TEST(MpirunLine, NamesHostsAndPassesTheirEnvironment) {
  ::setenv("LD_LIBRARY_PATH", "", 0);
  ::setenv("OMP_NUM_THREADS", "1", 0);
  EXPECT_THAT(
      shell_line(mpirun_line({.hosts = {{"a", 2}, {"b", 1}}, .ranks = 3}, {"p"})),
      HasSubstr("-n 3 --host a:2,b:1 -x PATH -x LD_LIBRARY_PATH -x OMP_NUM_THREADS --map-by "
                "slot --bind-to core"));
}

TEST(SlurmScript, AsksForACheckpointBeforeTheEnd) {
  const std::string script =
      slurm_script({.hosts = {{"a", 4}, {"b", 4}}, .ranks = 8, .threads = 2}, {"p", "train"});
  for (const char* line :
       {"#!/bin/bash\n", "#SBATCH --nodes=2\n", "#SBATCH --ntasks-per-node=4\n",
        "#SBATCH --signal=USR1@120\n", "--kill-on-bad-exit=1", "--cpus-per-task=2 p train\n"}) {
    EXPECT_THAT(script, HasSubstr(line));
  }
}

TEST(MpiJobManifest, HasWorkersWithSharedMemory) {
  const std::string manifest =
      mpijob_manifest({.hosts = {{"a", 4}, {"b", 4}}, .ranks = 8, .threads = 2},
                      {.image = "registry/image:1", .volume_claim = "disk"}, {"p", "a \"b\""});
  for (const char* line :
       {"apiVersion: kubeflow.org/v2beta1\n", "  slotsPerWorker: 4\n", "      replicas: 2\n",
        "mountPath: /dev/shm", "medium: Memory", "claimName: disk", "limits: {cpu: 8}",
        R"(command: ["mpirun", "-n", "8", )", R"("p", "a \"b\""])"}) {
    EXPECT_THAT(manifest, HasSubstr(line));
  }
}

TEST(ElasticJob, HearsWhichRankDied) {
  EXPECT_EQ(
      dead_rank("mpirun noticed that process rank 3 with PID 0 on node vm exited on signal 9"), 3);
  EXPECT_EQ(dead_rank("mpirun noticed that process rank x"), std::nullopt);
  EXPECT_EQ(dead_rank("rank 3 is well"), std::nullopt);
}

TEST(ElasticJob, HearsWhichHostIsLost) {
  EXPECT_EQ(lost_host("  Remote daemon: [[47727,0],2] on node host2"), "host2");
  EXPECT_EQ(lost_host("  HNP daemon   : [[47727,0],0] on node head"), std::nullopt);
  EXPECT_TRUE(tells_end("ORTE has lost communication with a remote daemon."));
  EXPECT_FALSE(tells_end("  Remote daemon: [[47727,0],2] on node host2"));
}

RemainingRanks five_ranks_on_three_hosts() {
  RemainingRanks ranks{
      {.hosts = {{.name = "a", .slots = 2}, {.name = "b", .slots = 2}, {.name = "c", .slots = 2}},
       .ranks = 5},
      {}};
  for (std::int64_t rank = 0; rank < 5; ++rank) {
    RankSpec& spec = ranks.topology.ranks.emplace_back();
    spec.node = rank / 2;
    spec.device = std::to_string(rank);
  }
  return ranks;
}

std::string devices(const RemainingRanks& ranks) {
  std::string text;
  for (const RankSpec& rank : ranks.topology.ranks) text += rank.device;
  return text;
}

TEST(RemainingRanks, GoOneByOne) {
  RemainingRanks left = five_ranks_on_three_hosts();
  leave_out_rank(left, 1);
  leave_out_rank(left, 3);  // the last rank, alone on its host's first slot
  EXPECT_THAT(left.shape.hosts, ElementsAre(JobHost{"a", 1}, JobHost{"b", 2}, JobHost{"c", 1}));
  EXPECT_EQ(left.shape.ranks, 3);
  EXPECT_EQ(devices(left), "023");
  leave_out_rank(left, 0);
  EXPECT_THAT(left.shape.hosts, ElementsAre(JobHost{"b", 2}, JobHost{"c", 1}));
}

TEST(RemainingRanks, GoWithTheirHost) {
  RemainingRanks left = five_ranks_on_three_hosts();
  EXPECT_EQ(leave_out_host(left, "d"), 0);
  EXPECT_EQ(leave_out_host(left, "c"), 1);
  EXPECT_EQ(leave_out_host(left, "a"), 2);
  EXPECT_THAT(left.shape.hosts, ElementsAre(JobHost{"b", 2}));
  EXPECT_EQ(left.shape.ranks, 2);
  EXPECT_EQ(devices(left), "23");
}

TEST(RemainingRanks, MissWhatTheJobBeganWith) {
  const RemainingRanks full = five_ranks_on_three_hosts();
  RemainingRanks left = full;
  leave_out_host(left, "a");
  leave_out_rank(left, 0);
  EXPECT_THAT(hosts_with_less(full.shape, left.shape),
              ElementsAre(JobHost{"a", 2}, JobHost{"b", 2}));
}

// An agent that knows two hosts, one of which never answers.
TEST(HostCheck, NamesHostsThatTakeNoRanks) {
  const std::string agent =
      written("agent",
              "case $1 in ok) exit 0 ;; slow) sleep 60 ;; *) echo \"no $1\" >&2; exit 255 ;; esac");
  ::setenv("OMPI_MCA_plm", "rsh", 1);
  ::setenv("OMPI_MCA_plm_rsh_agent", ("sh " + agent).c_str(), 1);

  const auto faults = faulty_hosts({{"localhost", 1}, {"ok", 1}, {"slow", 2}, {"gone", 1}}, 0.5);

  ASSERT_EQ(faults.size(), 2U);
  EXPECT_EQ(describe(faults), "slow (no answer within 0.5 s), gone (no gone) cannot take ranks.");
}

TEST(ElasticJob, ReadsTheTrainingsSettings) {
  const std::string config =
      written("train.json", R"({"plan": "plan.json", "checkpoint_every": "5s"})");
  const Words command = {"p", "train", "--json", "--epochs", "3", config, "--output=out"};
  EXPECT_EQ(train_setting(command, "--plan"), testing::TempDir() + "plan.json");
  EXPECT_EQ(train_setting(command, "--checkpoint-every"), "5s");
  EXPECT_EQ(train_setting(command, "--output"), "out");
  EXPECT_EQ(train_setting({"p", "train", "--plan", "a", "--plan", "b"}, "--plan"), "b");
  EXPECT_EQ(train_setting({"p", "train", "--plan", "a"}, "--output"), "");
}

TEST(WatchedProcess, HearsLinesAndTheEnd) {
  Words lines;
  WatchRules rules;
  rules.hear = [&](const std::string& line) {
    lines.push_back(line);
    return false;
  };

  const ProcessEnd end = run_watched({"sh", "-c", "echo a >&2; printf b >&2; exit 7"}, rules);

  EXPECT_EQ(end.code, 7);
  EXPECT_THAT(lines, ElementsAre("a", "b"));
  EXPECT_EQ(run_watched({"sh", "-c", "kill -KILL $$"}, rules).code, 128 + SIGKILL);
  EXPECT_EQ(run_watched({"no-such-program"}, rules).code, static_cast<int>(ExitCode::environment));
}

TEST(WatchedProcess, IsStoppedWhenItsTimeIsUp) {
  int asked = 0;
  WatchRules rules;
  rules.most_seconds = 0.0;
  rules.is_due = [&] { return ++asked == 2; };

  const ProcessEnd end = run_watched({"sleep", "600"}, rules);

  EXPECT_EQ(asked, 2);
  EXPECT_TRUE(end.out_of_time);
  EXPECT_FALSE(end.asked_to_stop);
  EXPECT_EQ(end.code, 128 + SIGUSR2);
}

bool runs(pid_t pid) {
  std::string state;
  std::ifstream status("/proc/" + std::to_string(pid) + "/stat");
  std::getline(status, state);
  return !state.empty() && state.find(") Z") == std::string::npos;
}

TEST(WatchedProcess, IsKilledWithItsChildrenIfItDoesNotEnd) {
  const std::string child = written("child", "");
  WatchRules rules;
  rules.seconds_to_end = 0;
  rules.hear = [](const std::string& line) { return line == "the end"; };

  const ProcessEnd end = run_watched(
      {"sh", "-c", "sleep 600 & echo $! >" + child + "; echo the end >&2; wait; true"}, rules);

  EXPECT_TRUE(end.killed);
  EXPECT_EQ(end.code, 128 + SIGKILL);
  pid_t pid = 0;
  std::ifstream(child) >> pid;
  while (runs(pid)) usleep(1000);  // it ends a moment after the signal, or never
}

}  // namespace
}  // namespace shardwright
