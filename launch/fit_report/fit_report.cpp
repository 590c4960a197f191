#include "launch/fit_report/fit_report.hpp"

#include "planner/report/report.hpp"

#include <algorithm>
#include <utility>

namespace shardwright {
namespace {

using nlohmann::json;

constexpr std::size_t kMostPoints = 3000;

json curve_json(const std::vector<FitCurvePoint>& curve) {
  json points = json::array();
  for (const FitCurvePoint& point : curve) {
    points.push_back(
        {{"stage", point.stage},
         {"iteration", point.iteration},
         {"training", point.training_error},
         {"validation", point.validation_error ? json(*point.validation_error) : json(nullptr)}});
  }
  return points;
}

json points_json(const std::vector<FitPoint>& points) {
  json chosen = json::array();
  const std::size_t count = std::min(points.size(), kMostPoints);
  for (std::size_t i = 0; i < count; ++i) {
    const FitPoint& point = points[i * points.size() / count];
    chosen.push_back({point.measured, point.predicted, point.group});
  }
  return chosen;
}

json slices_json(const std::vector<ErrorSlice>& slices) {
  json list = json::array();
  for (const ErrorSlice& slice : slices) {
    const ErrorSummary& errors = slice.errors;
    list.push_back({{"by", slice.by},
                    {"name", slice.name},
                    {"rows", errors.rows},
                    {"geometric_mean_error", errors.geometric_mean_error},
                    {"mean_signed_error", errors.mean_signed_error},
                    {"p95_relative_error", errors.p95_relative_error},
                    {"share_within_10_percent", errors.share_within_10_percent},
                    {"kendall_tau", errors.kendall_tau}});
  }
  return list;
}

}  // namespace

json fit_report_to_json(const FitReport& report) {
  return {{"schema", "shardwright.fit_report/1"},
          {"model", report.model},
          {"unit", report.unit},
          {"kept_aside", report.kept_aside},
          {"timings", report.timings},
          {"num_points", report.points.size()},
          {"curve", curve_json(report.curve)},
          {"points", points_json(report.points)},
          {"slices", slices_json(report.slices)}};
}

std::string fit_report_to_html(const json& data) { return page_with_data(fit_report_page(), data); }

}  // namespace shardwright
