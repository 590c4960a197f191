// `shardwright train` as users start it: under mpirun and alone. Every failure must end all ranks
// with one message and its exit code.

#include "costmodel/errors.hpp"
#include "costmodel/json/json_view.hpp"
#include "runtime/trainer/stopwatch.hpp"
#include "tests/runtime/trainer/bad_inputs.hpp"
#include "tests/runtime/trainer/training_run.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace shardwright {
namespace {

using testing::HasSubstr;

std::string text_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

struct Outcome {
  int code = -1;
  double seconds = 0;
  std::string out;
  std::string err;
  std::string command;
};

/// How often the program itself has complained (mpirun adds words of its own).
std::size_t complaints(const Outcome& outcome) {
  std::size_t count = 0;
  std::istringstream lines(outcome.err);
  for (std::string line; std::getline(lines, line);) count += line.starts_with("shardwright: ");
  return count;
}

class TrainCommand : public testing::Test {
 protected:
  TrainCommand() { write_test_data(data_); }

  /// Runs a command without input. Code 124: it did not end.
  Outcome shell(const std::string& command) const {
    const std::string out = folder_ / "stdout";
    const std::string err = folder_ / "stderr";
    const Stopwatch stopwatch;
    const int status =
        std::system(fmt::format("{} >{} 2>{} </dev/null", command, out, err).c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, stopwatch.seconds(), text_of(out),
            text_of(err), command};
  }

  Outcome train_alone(const std::string& arguments) const {
    return shell(fmt::format("timeout 200 {} train {}", SHARDWRIGHT_BINARY, arguments));
  }

  Outcome train_on(int ranks, const std::string& arguments) const {
    return shell(fmt::format("timeout 200 {} -n {} {} train {}", MPIRUN, ranks, SHARDWRIGHT_BINARY,
                             arguments));
  }

  std::string small_run() const {
    return fmt::format(
        "--data {} --output {} --bottom-mlp 8,12 --top-mlp 8,1 --batch-size 32 --max-steps 5",
        data_, output_);
  }

  /// All ranks of a job that cannot go on end within ten seconds, not counting what a sound job
  /// takes: a busy machine is slow with both or once, a rank that waits for others every time.
  void expect_end_in_time(const Outcome& outcome) {
    constexpr double kMostSeconds = 10;
    RecordProperty("seconds", fmt::format("{:.1f}", outcome.seconds));
    if (outcome.seconds <= kMostSeconds) return;
    const std::string sound = folder_ / "sound";
    write_test_data(sound);
    const Outcome other =
        train_on(4, fmt::format("--data {} --bottom-mlp 8,12 --top-mlp 8,1 --max-steps 5", sound));
    ASSERT_EQ(other.code, 0) << other.err;
    if (outcome.seconds <= kMostSeconds + other.seconds) return;
    EXPECT_LE(shell(outcome.command).seconds, kMostSeconds + other.seconds) << "in a second try";
  }

  void expect_one_message(const Outcome& outcome, ExitCode code, const std::string& sentence) {
    expect_end_in_time(outcome);
    EXPECT_EQ(outcome.code, static_cast<int>(code)) << outcome.err;
    EXPECT_EQ(complaints(outcome), 1U) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(sentence));
  }

  TestFolder folder_;
  std::string data_ = folder_ / "data";
  std::string output_ = folder_ / "out";
};

TEST_F(TrainCommand, TrainsOnTwoRanks) {
  const std::string plan = write_plan(folder_ / "plan.json", cut_tables(2));

  const Outcome outcome = train_on(2, small_run() + " --plan " + plan);

  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("160 samples in 5 steps"));
  EXPECT_THAT(outcome.out, HasSubstr("2 ranks"));
  EXPECT_THAT(outcome.out, HasSubstr("test: 600 samples, AUC 0."));
  EXPECT_THAT(outcome.err, HasSubstr("step 5/5"));
  EXPECT_TRUE(std::filesystem::exists(output_ + "/model/rank-00001.safetensors"));
  EXPECT_TRUE(std::filesystem::exists(output_ + "/metrics.jsonl"));
}

TEST_F(TrainCommand, TrainsAloneWithoutMpirun) {
  const Outcome outcome = train_alone(small_run());

  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("160 samples in 5 steps"));
  EXPECT_THAT(outcome.err, HasSubstr("No plan is given"));
}

TEST_F(TrainCommand, OnATerminalOneProgressLineIsWrittenAnew) {
  if (shell("script -qec true /dev/null").code != 0)
    GTEST_SKIP() << "no `script`, or no pseudo-terminals for it";
  const std::string arguments = small_run() + " --progress-every 1";

  const Outcome outcome = shell(fmt::format("timeout 200 script -qec '{} train {}' /dev/null",
                                            SHARDWRIGHT_BINARY, arguments));

  EXPECT_EQ(outcome.code, 0) << outcome.out;
  EXPECT_THAT(outcome.out, testing::ContainsRegex("\repoch 1/1  step 2/5 [^\n]*\x1b\\[K\repoch"));
  EXPECT_THAT(train_alone(arguments).err, testing::Not(HasSubstr("\x1b")));
}

TEST_F(TrainCommand, JsonIsOneDocumentOfRankZero) {
  const Outcome outcome = train_on(2, small_run() + " --json");

  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const nlohmann::json document = parse_json(outcome.out, "stdout");
  EXPECT_EQ(document["ranks"], 2);
  EXPECT_EQ(document["steps"], 5);
  EXPECT_GT(document["samples_per_s"], 0.0);
  EXPECT_GT(document["bytes_sent"]["output_max"], 0);
}

TEST_F(TrainCommand, FlagsWinOverTheConfigFile) {
  const std::string config = folder_ / "config.json";
  std::ofstream(config) << R"({"schema": "shardwright.train/1", "data": "data", "max_steps": 9,
      "batch_size": 8, "bottom_mlp": [4, 12], "seed": 4})";

  const Outcome outcome =
      train_alone(config + " --max-steps 2 --no-save-model --output " + output_);

  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("16 samples in 2 steps"));
  EXPECT_FALSE(std::filesystem::exists(output_ + "/model"));
}

TEST_F(TrainCommand, APlanForOtherRanksEndsAllWithOneMessage) {
  const std::string plan = write_plan(folder_ / "plan.json", cut_tables(3));

  expect_one_message(train_on(2, small_run() + " --plan " + plan), ExitCode::bad_input,
                     "is for 3 ranks, but this job has 2. Start it with `mpirun -n 3`");
}

// Rank 1 hangs in opening a pipe that nobody writes to.
TEST_F(TrainCommand, ARankThatHangsEndsAllWithOneMessage) {
  const std::string plan = folder_ / "pipe";
  ASSERT_EQ(mkfifo(plan.c_str(), 0600), 0);
  const std::string train =
      fmt::format("{} train {} --wait-limit-s 1", SHARDWRIGHT_BINARY, small_run());

  expect_one_message(
      shell(fmt::format("timeout 200 {0} -n 1 {1} : -n 1 {1} --plan {2}", MPIRUN, train, plan)),
      ExitCode::timeout, "s for rank 1, which hangs");
}

TEST_F(TrainCommand, ABadIdEndsAllWithOneMessage) {
  std::fstream ids(data_ + "/train/feature_0.ids.i64",
                   std::ios::binary | std::ios::in | std::ios::out);
  const std::int64_t bad = -7;
  ids.seekp(50 * 8);  // sample 50: in the second step, on rank 1
  ids.write(reinterpret_cast<const char*>(&bad), sizeof bad);
  ids.close();

  const Outcome outcome = train_on(2, small_run());

  expect_one_message(outcome, ExitCode::bad_input, "1 of 2 ranks failed; first rank 1 on");
  for (const char* part : {"eature 'user'", "table 'user'", "-7", "sample 50", "rank 1"}) {
    EXPECT_THAT(outcome.err, HasSubstr(part));
  }
  EXPECT_EQ(train_on(2, small_run() + " --on-bad-id skip").code, 0);
}

TEST_F(TrainCommand, ATruncatedDataFileEndsAllWithOneMessage) {
  const std::string file = data_ + "/train/feature_1.ids.i64";
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - 8);

  expect_one_message(train_on(2, small_run()), ExitCode::bad_input, "feature_1.ids.i64");
}

TEST_F(TrainCommand, AMissingFileEndsAllWithOneMessage) {
  expect_one_message(train_on(2, small_run() + " --plan " + (folder_ / "absent.json")),
                     ExitCode::bad_input, "absent.json");
  expect_one_message(train_on(2, folder_ / "absent.json"), ExitCode::bad_input, "absent.json");
  expect_one_message(train_on(2, "--data " + (folder_ / "nowhere")), ExitCode::bad_input,
                     "nowhere/tables.json");
}

TEST_F(TrainCommand, AMalformedConfigEndsAllWithOneMessage) {
  const std::string config = folder_ / "config.json";
  std::ofstream(config) << "{\"schema\": \"shardwright.train/1\", \"epochs\": }";
  expect_one_message(train_on(2, config), ExitCode::bad_input, "line 1");
  expect_one_message(train_on(2, small_run() + " --batch-size -4"), ExitCode::bad_input,
                     "command line: batch_size is -4");
}

TEST_F(TrainCommand, AnUnknownConfigKeyEndsAllWithOneMessage) {
  const std::string config = folder_ / "config.json";
  std::ofstream(config) << R"({"schema": "shardwright.train/1", "epoch": 2})";
  expect_one_message(train_on(4, config), ExitCode::bad_input, "did you mean \"epochs\"?");
}

// The rest of bad_inputs() ends four threads in bad_input_test.cpp.
TEST_F(TrainCommand, BadInputsEndFourRanksWithOneMessage) {
  for (const BadInput& bad : bad_inputs()) {
    if (bad.name != "NegativeRows" && bad.name != "AnUnreadableFile" &&
        bad.name != "APlanForOtherTables") {
      continue;
    }
    write_test_data(data_);
    const std::string plan = bad.spoil(data_);
    expect_one_message(train_on(4, small_run() + (plan.empty() ? "" : " --plan " + plan)),
                       ExitCode::bad_input, bad.message);
    std::filesystem::remove_all(data_);
  }
}

TEST_F(TrainCommand, ACorruptedPlanEndsAllWithOneMessage) {
  const std::string plan = folder_ / "plan.json";
  std::ofstream(plan) << "{\"schema\": \"shardwright.plan/1\", \"shards\": [";

  expect_one_message(train_on(2, small_run() + " --plan " + plan), ExitCode::bad_input,
                     "plan.json");
}

TEST_F(TrainCommand, NoSpaceWhileSavingKeepsTheOldModel) {
  ASSERT_EQ(train_on(2, small_run()).code, 0);
  const std::string index = text_of(output_ + "/model/index.json");
  write_user_table(data_, "1500000");  // 72 MB of weights in one file; MPI itself needs some MB

  const Outcome outcome =
      shell(fmt::format("sh -c 'ulimit -f 131072; exec timeout 200 {} -n 2 {} train {}'", MPIRUN,
                        SHARDWRIGHT_BINARY, small_run()));

  expect_one_message(outcome, ExitCode::environment, "The model was not saved; what");
  EXPECT_THAT(outcome.err, HasSubstr("rank-00000.safetensors cannot be written: File too large"));
  EXPECT_EQ(text_of(output_ + "/model/index.json"), index);
  EXPECT_FALSE(std::filesystem::exists(output_ + "/model.partial"));
}

// A real full disk: a file system of 2 MiB on `output_`, mounted in a name space of its own.
TEST_F(TrainCommand, AFullDiskKeepsTheOldModel) {
  const std::string mount = fmt::format("mount -t tmpfs -o size=2m none {}", output_);
  std::filesystem::create_directories(output_);
  if (shell(fmt::format("unshare -m sh -c '{}'", mount)).code != 0) {
    GTEST_SKIP() << "file systems cannot be mounted here";
  }
  const std::string train = fmt::format("{} train {}", SHARDWRIGHT_BINARY, small_run());
  const std::string script = folder_ / "script.sh";
  std::ofstream(script) << fmt::format(
      "{} || exit 97\n{} || exit 98\ncp {}/more.json {}/tables.json\n"
      "before=$(cksum {}/model/*)\n{}\ncode=$?\n"
      "test \"$before\" = \"$(cksum {}/model/*)\" || exit 99\nexit $code\n",
      mount, train, data_, data_, output_, train, output_);
  const std::string small = text_of(data_ + "/tables.json");
  write_user_table(data_, "150000");  // 7 MB of weights
  std::filesystem::rename(data_ + "/tables.json", data_ + "/more.json");
  std::ofstream(data_ + "/tables.json") << small;

  const Outcome outcome = shell(fmt::format("timeout 200 unshare -m sh {}", script));

  expect_one_message(outcome, ExitCode::environment, "The model was not saved; what");
  EXPECT_THAT(outcome.err, HasSubstr("cannot be written: No space left on device"));
}

TEST_F(TrainCommand, TooLittleMemoryIsAnEnvironmentError) {
  write_user_table(data_, "4000000000000");

  expect_one_message(train_on(2, small_run()), ExitCode::environment, "memory");
}

TEST_F(TrainCommand, ATerminatedJobEndsCleanly) {
  // The signal comes as soon as the first steps are on record.
  const std::string script = fmt::format(
      "timeout 200 sh -c '{} train --data {} --output {} --epochs 1000000000 & pid=$!; "
      "until test -s {}/metrics.jsonl; do sleep 0.1; done; kill -TERM $pid; wait $pid'",
      SHARDWRIGHT_BINARY, data_, output_, output_);

  expect_one_message(shell(script), ExitCode::interrupted, "Interrupted after");
  EXPECT_FALSE(std::filesystem::exists(output_ + "/model"));
}

TEST_F(TrainCommand, UnknownFlagsAreUsageErrors) {
  const Outcome outcome = train_alone("--learning-rat 1");

  EXPECT_EQ(outcome.code, static_cast<int>(ExitCode::usage));
  EXPECT_THAT(outcome.err, HasSubstr("--learning-rate"));
}

// Each rank finds the fault by itself, before MPI.
TEST_F(TrainCommand, WrongFlagsOfAllRanksArePrintedOnce) {
  expect_one_message(train_on(4, "--learning-rat 1"), ExitCode::usage, "--learning-rate?");
}

TEST_F(TrainCommand, WrongFlagsOfOneRankAreHeardByAll) {
  const Outcome outcome =
      shell(fmt::format("timeout 200 {} -n 1 {} train {} : -n 1 {} train --epoch 1", MPIRUN,
                        SHARDWRIGHT_BINARY, small_run(), SHARDWRIGHT_BINARY));

  expect_one_message(outcome, ExitCode::usage, "1 of 2 ranks failed; first rank 1 on");
  EXPECT_THAT(outcome.err, HasSubstr("did you mean --epochs?"));
}

TEST_F(TrainCommand, HelpStartsWithExamples) {
  const Outcome outcome = train_alone("--help");

  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.out, testing::StartsWith("Examples:"));
  TrainConfig config;
  config.max_steps = 1;
  config.optimizer = OptimizerKind::sgd;
  nlohmann::json keys = train_config_to_json(config);
  keys.erase("schema");
  for (const auto& [key, value] : keys.items()) {
    std::string flag = key;
    std::replace(flag.begin(), flag.end(), '_', '-');
    EXPECT_THAT(outcome.out, HasSubstr("--" + flag));
  }
}

}  // namespace
}  // namespace shardwright
