// What `fit` refuses, options that would change nothing, and what it says that timings cannot tell.
// Fits themselves: tests/costmodel/train.

#include "tests/launch/planning_command.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace shardwright {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class FitCommand : public PlanningCommand {
 protected:
  FitCommand() {
    write("compute.csv",
          "# shardwright.timings/1\n# kind: compute\n"
          "hardware,set,batch,optimizer,tables,forward_ms,backward_ms\n"
          "CPU,0,512,sgd,1000/16/2/1,0.1,0.2\n");
    write("comm.csv",
          "# shardwright.timings/1\n# kind: comm\n"
          "hardware,library,operation,ranks,bytes,time_us\nCPU,MPI,all_to_all,2,1024,10\n");
  }
};

struct Idle {
  std::string option;  ///< with its value
  std::string arguments;
  std::string advice;
};

TEST_F(FitCommand, RefusesOptionsThatWouldChangeNothing) {
  const std::string computation = "compute.csv -o model.json ";
  const std::string collectives = "comm.csv -o model.json ";
  const std::string kept_aside = "comm.csv --hold-out sizes ";
  const std::vector<Idle> all = {
      {"--save-timings x.csv", computation, "leave it out"},
      {"--single", computation, "leave it out"},
      {"--iterations 100", computation, "give --epochs"},
      {"--operation all_reduce", computation, "leave it out"},
      {"--hardware CPU", computation, "leave it out"},
      {"--link network", computation, "leave it out"},
      {"--library MPI", computation, "leave it out"},
      {"--only-library MPI", computation, "leave it out"},
      {"--only-link network", computation, "leave it out"},
      {"--json", computation, "give --hold-out"},
      {"--iterations 100", "compute.csv --hold-out sets ", "give --epochs"},
      {"--epochs 10", collectives, "give --iterations"},
      {"--resume", collectives, "leave it out"},
      {"--least-of-repeats", collectives, "these are of collectives"},
      {"--json", collectives, "give --hold-out"},
      {"--epochs 10", kept_aside, "give --iterations"},
      {"--from collectives", kept_aside, "leave it out"},
      {"--single", kept_aside, "leave it out"},
  };
  for (const Idle& idle : all) {
    const Outcome outcome = run("fit " + idle.arguments + idle.option);
    const std::string name = idle.option.substr(0, idle.option.find(' '));
    EXPECT_EQ(outcome.code, 2) << idle.arguments << idle.option;
    EXPECT_THAT(outcome.err,
                AllOf(StartsWith("shardwright: " + name + " "), HasSubstr(idle.advice)));
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  }
  EXPECT_FALSE(std::filesystem::exists(path("model.json")));
  EXPECT_FALSE(std::filesystem::exists(path("x.csv")));
}

TEST_F(FitCommand, SaysWhatIsAlikeInAllTimings) {
  std::string timings =
      "# shardwright.timings/1\n# kind: compute\n"
      "hardware,set,batch,optimizer,tables,forward_ms,backward_ms\n";
  for (int set = 1; set <= 20; ++set) {
    const std::string number = std::to_string(set);
    timings += "CPU," + number + ",512,sgd," + number + "00/16/2/1,0." + number + ",0.2\n";
  }
  write("alike.csv", timings);
  const Outcome outcome = run("fit alike.csv --epochs 1 -o model.json");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("Note: all timings have batch 512, busy_ranks 1, dim 16, "
                                     "pooling 2, tables 1. What others cost is a guess"));
}

TEST_F(FitCommand, OverwritesNothingThatItReadsOrWrites) {
  for (const std::string options :
       {"compute.csv -o compute.csv", "comm.csv -o ./comm.csv",
        "comm.csv -o model.json --save-timings comm.csv", "comm.csv -o m.json --report m.json",
        "compute.csv --from base.json -o base.json"}) {
    const Outcome outcome = run("fit " + options);
    EXPECT_EQ(outcome.code, 2) << options;
    EXPECT_THAT(outcome.err, HasSubstr("would overwrite what")) << options;
  }
  EXPECT_THAT(read(path("compute.csv")), StartsWith("# shardwright.timings/1"));
  EXPECT_THAT(read(path("comm.csv")), StartsWith("# shardwright.timings/1"));
}

TEST_F(FitCommand, SaysWhichFileCannotBe) {
  const std::string name(300, 'x');
  const Outcome outcome = run("fit " + name + " -o model.json");
  EXPECT_EQ(outcome.code, 3);
  EXPECT_THAT(outcome.err, StartsWith("shardwright: The file " + name));
}

TEST_F(FitCommand, GoesOnFromNoModelOfAnotherKind) {
  const std::vector<std::pair<std::string, std::string>> all = {
      {"fit compute.csv --from nccl-h100 -o m.json", "is a model of collectives"},
      {"fit comm.csv --from h200-compute -o m.json", "is a compute model"},
      {"fit compute.csv --from h200-compute -o m.json", "of the device cpu, and h200-compute"},
      {"fit compute.csv --from cpu-epyc9004-compute --architecture neuroshard -o m.json",
       "--architecture is for a fit from nothing"},
      {"evaluate analytic compute.csv", "is a formula"},
      {"evaluate nccl-h100 comm.csv --beside h200-compute", "--beside shows other compute models"},
      {"evaluate nccl-h100 compute.csv", "of kind 'compute', expected `# kind: comm`"},
  };
  for (const auto& [command, message] : all) {
    const Outcome outcome = run(command);
    EXPECT_NE(outcome.code, 0) << command;
    EXPECT_THAT(outcome.err, HasSubstr(message)) << command;
  }
}

TEST_F(FitCommand, ModelsAreEvaluatedBesideEachOtherOnTheSameRows) {
  const Outcome outcome =
      run("evaluate cpu-epyc9004-compute compute.csv --beside h200-compute --beside "
          "cpu-epyc9004-compute");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("\nbeside    roofline, fitted"),
                                 HasSubstr("\nbeside    h200-compute"),
                                 HasSubstr("\nbeside    cpu-epyc9004-compute")));
}

}  // namespace
}  // namespace shardwright
