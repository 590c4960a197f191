#include "launch/fit_report/fit_report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shardwright {
namespace {

using testing::HasSubstr;
using testing::Not;

FitReport sample() {
  FitReport report{"mine", "us", "Errors are of sizes kept aside.", 9, {}, {}, {}};
  report.curve = {{"validation", 10, 0.5, 0.6}, {"all rows", 10, 0.4, {}}};
  report.points = {{10, 11, "all_to_all"}, {20, 19, "all_reduce"}};
  report.slices = {{"all", "all rows", {2, 0.07, 0.07, 0.02, 0.1, 1, 1}, {}},
                   {"ranks", "2", {2, 0.07, 0.07, 0.02, 0.1, 1, 1}, {}}};
  return report;
}

TEST(FitReport, HoldsCurvePointsAndErrors) {
  const nlohmann::json report = fit_report_to_json(sample());
  EXPECT_EQ(report["schema"], "shardwright.fit_report/1");
  EXPECT_EQ(report["curve"][0]["validation"], 0.6);
  EXPECT_TRUE(report["curve"][1]["validation"].is_null());
  EXPECT_EQ(report["points"][1], nlohmann::json({20.0, 19.0, "all_reduce"}));
  EXPECT_EQ(report["slices"][1]["by"], "ranks");
  EXPECT_EQ(report["slices"][0]["geometric_mean_error"], 0.07);
}

TEST(FitReport, ChoosesAmongTooManyPointsEvenly) {
  FitReport report = sample();
  report.points.clear();
  for (int i = 0; i < 9000; ++i) report.points.push_back({1.0 + i, 1, "all_to_all"});
  const nlohmann::json json = fit_report_to_json(report);
  EXPECT_EQ(json["num_points"], 9000);
  ASSERT_EQ(json["points"].size(), 3000U);
  EXPECT_EQ(json["points"][1][0], 4.0);
  EXPECT_EQ(json["points"][2999][0], 8998.0);
}

TEST(FitReport, KeepsHostileNamesInsideTheData) {
  FitReport report = sample();
  report.model = "</script><script>alert(1)</script>";
  EXPECT_THAT(fit_report_to_html(fit_report_to_json(report)), Not(HasSubstr("alert(1)</script>")));
}

TEST(FitReport, NeedsNoNetwork) {
  const std::string page(fit_report_page());
  EXPECT_THAT(page, HasSubstr("--accent:")) << "the style is in it";
  for (const char* reference : {"https:", "src=", "href=", "@import", "url("}) {
    EXPECT_THAT(page, Not(HasSubstr(reference)));
  }
}

}  // namespace
}  // namespace shardwright
