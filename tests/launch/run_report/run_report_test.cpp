#include "launch/run_report/run_report.hpp"

#include "costmodel/errors.hpp"
#include "launch/run_report/run_curve.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>

namespace shardwright {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string step_line(std::int64_t step, double loss) {
  return fmt::format(
      R"({{"event":"step","step":{},"loss":{},"samples":100,"samples_per_s":50000,"phase_ms":{{)"
      R"("lookup":{{"mean":1,"max":2}},"dense":{{"mean":2,"max":2}},"update":{{"mean":1,"max":2}}}}}})"
      "\n",
      step, loss);
}

nlohmann::json report_of(const std::string& text) {
  std::istringstream lines(text);
  return run_report_to_json(lines, "metrics.jsonl");
}

std::string refusal_of(const std::string& text) {
  try {
    report_of(text);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(RunCurve, KeepsEveryStepInAtMostSoManyPoints) {
  RunCurve curve(8);
  for (std::int64_t step = 0; step < 1000; ++step) {
    curve.add({.step = step,
               .steps = 1,
               .loss_sum = 1,
               .samples = 2,
               .seconds = 3,
               .slowest_ms = 4,
               .mean_ms = 5});
    ASSERT_LE(curve.points().size(), 8U);
  }
  CurvePoint sum;
  std::int64_t before = -1;
  for (const CurvePoint& point : curve.points()) {
    EXPECT_EQ(point.step - before, point.steps) << "of consecutive steps";
    before = point.step;
    sum += point;
  }
  EXPECT_EQ(before, 999);
  EXPECT_EQ(sum.steps, 1000);
  EXPECT_DOUBLE_EQ(sum.mean_ms, 5000);
}

TEST(RunCurve, KeepsAShortRunAsItIs) {
  RunCurve curve(8);
  for (std::int64_t step = 0; step < 8; ++step) curve.add({.step = step, .steps = 1});
  EXPECT_EQ(curve.points().size(), 8U);
}

TEST(RunReport, HasTheRunsCurvesAndEvents) {
  const nlohmann::json report = report_of(
      step_line(0, 0.7) + step_line(1, 0.6) +
      R"({"event":"evaluation","epoch":0,"steps":2,"samples":9,"auc":null,"log_loss":0.5})"
      "\n"
      R"({"event":"checkpoint","steps":2,"folder":"c","seconds":1})"
      "\n"
      R"({"event":"resume","steps":2})"
      "\n");
  ASSERT_EQ(report["points"].size(), 2U);
  EXPECT_EQ(report["points"][1]["step"], 1);
  EXPECT_DOUBLE_EQ(report["points"][1]["loss"], 0.6);
  EXPECT_DOUBLE_EQ(report["points"][0]["imbalance"], 1.5);
  EXPECT_DOUBLE_EQ(report["points"][0]["samples_per_s"], 50000);
  EXPECT_TRUE(report["evaluations"][0]["auc"].is_null());
  EXPECT_EQ(report["events"].size(), 2U);
  EXPECT_TRUE(report["summary"].is_null()) << "the job has not ended";
}

TEST(RunReport, WeighsALineOfManyStepsByThem) {
  const nlohmann::json report = report_of(
      R"({"event":"step","step":9,"steps":10,"loss":0.1,"loss_mean":0.4,"samples":1000,)"
      R"("samples_per_s":500,"phase_ms":{"lookup":{"mean":1,"max":2},"dense":{"mean":0,"max":0},)"
      R"("update":{"mean":0,"max":0}}})"
      "\n");
  EXPECT_DOUBLE_EQ(report["points"][0]["loss"], 0.4);
  EXPECT_EQ(report["steps_seen"], 10);
  EXPECT_DOUBLE_EQ(report["points"][0]["samples_per_s"], 500);
}

TEST(RunReport, TakesTheComparisonAtTheEndBeforeThoseOnTheWay) {
  const std::string on_the_way = step_line(0, 1) + R"({"event":"plan_check","steps":5})" + "\n";
  EXPECT_EQ(report_of(on_the_way)["plan_check"]["steps"], 5);
  const std::string ended = on_the_way + R"({"event":"summary","plan_check":{"steps":9}})" + "\n";
  EXPECT_EQ(report_of(ended)["plan_check"]["steps"], 9);
}

TEST(RunReport, LeavesOutALineThatIsBeingWritten) {
  const std::string line = step_line(1, 0.6);
  const nlohmann::json report = report_of(step_line(0, 0.7) + line.substr(0, line.size() / 2));
  EXPECT_EQ(report["points"].size(), 1U);
}

TEST(RunReport, RefusesOtherFilesWithTheLine) {
  EXPECT_THAT(refusal_of(step_line(0, 1) + "milk, eggs\n"), HasSubstr("line 2 is no line of"));
  EXPECT_THAT(refusal_of("[1, 2]\n"), HasSubstr("line 1"));
  EXPECT_THAT(refusal_of(R"({"event":"step","step":"x"})"
                         "\n"),
              HasSubstr("line 1"));
  EXPECT_THAT(refusal_of(""), HasSubstr("no training step yet"));
  EXPECT_THROW(read_run_report("/nowhere"), InputError);
}

TEST(RunReport, RefusesNumbersThatNoRunHas) {
  EXPECT_THAT(refusal_of(step_line(0, 1) + step_line(-1, 1)),
              HasSubstr("line 2 is no line of a training's metrics.jsonl (docs/metrics.md): the "
                        "line: step is -1"));
  const std::string many = R"({"event":"step","step":1,"steps":9000000000000000000})";
  EXPECT_THAT(refusal_of(many + "\n"), HasSubstr("steps is 9000000000000000000"));
}

TEST(RunReport, RefusesWhatNoStackHolds) {
  constexpr std::size_t kDeep = 200'000;
  const std::string deep = std::string(kDeep, '[') + std::string(kDeep, ']');
  EXPECT_THAT(refusal_of(R"({"event":"checkpoint","steps":)" + deep + "}\n"),
              HasSubstr("line 1 is no line of a training's metrics.jsonl"));
}

TEST(RunReport, KeepsHostileNamesInsideTheData) {
  nlohmann::json report = report_of(step_line(0, 1));
  report["folder"] = "</script><script>alert(1)</script>";
  EXPECT_THAT(run_report_to_html(report), Not(HasSubstr("alert(1)</script>")));
}

TEST(RunReport, NeedsNoNetwork) {
  const std::string page(run_report_page());
  EXPECT_THAT(page, HasSubstr("--accent:")) << "the style is in it";
  for (const char* reference : {"https:", "src=", "href=", "@import", "url("}) {
    EXPECT_THAT(page, Not(HasSubstr(reference)));
  }
}

}  // namespace
}  // namespace shardwright
