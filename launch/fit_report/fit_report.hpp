#pragma once

#include "costmodel/timings/error_slices.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace shardwright {

/// The errors of a model in the course of its fit.
struct FitCurvePoint {
  std::string stage;  ///< "validation", "all rows", "epochs"
  std::int64_t iteration = 0;
  double training_error = 0;               ///< geometric mean
  std::optional<double> validation_error;  ///< while timings are kept aside
};

/// A timing that the fit did not see, with what it says of it.
struct FitPoint {
  double measured = 0;   ///< in the report's unit
  double predicted = 0;  ///< the same
  std::string group;     ///< by which points are coloured: an operation, "forward + backward"
};

/// All that the page shows of a fit.
struct FitReport {
  std::string model;
  std::string unit;         ///< "us", "ms"
  std::string kept_aside;   ///< what the points and slices are of, a sentence
  std::size_t timings = 0;  ///< given to the fit, with those kept aside
  std::vector<FitCurvePoint> curve;
  std::vector<FitPoint> points;
  std::vector<ErrorSlice> slices;  ///< of all points first; empty if nothing was kept aside
};

/// "shardwright.fit_report/1" (docs/report.md): of more than 3,000 points, evenly chosen ones.
nlohmann::json fit_report_to_json(const FitReport& report);

/// One HTML document that needs no network: launch/fit_report/page.html with `data` inside.
std::string fit_report_to_html(const nlohmann::json& data);

/// launch/fit_report/page.html, built into the program.
std::string_view fit_report_page();

}  // namespace shardwright
