#include "launch/comm_fit.hpp"

#include "costmodel/errors.hpp"
#include "costmodel/json/write_file.hpp"
#include "costmodel/neural/comm_model_json.hpp"
#include "launch/comm_model_file.hpp"
#include "launch/error_report.hpp"
#include "launch/fit_report/fit_report.hpp"
#include "launch/print_json.hpp"

#include <fmt/format.h>

#include <optional>
#include <utility>
#include <vector>

namespace shardwright {
namespace {

/// Timings that a fit did not see, with what it says of them.
struct KeptAside {
  std::vector<CommTiming> rows;
  std::vector<double> predicted_us;
  void add(const CommTiming& row, double us) {
    rows.push_back(row);
    predicted_us.push_back(us);
  }
};

void print_progress(const FitProgress& progress) {
  constexpr std::int64_t kEvery = 50;
  if (progress.iteration % kEvery != 0) return;
  fmt::print(stderr, "{:<10} iteration {:>5}  training error {:6.2f} %{}\n", progress.stage,
             progress.iteration, 100 * progress.training_error,
             progress.validation_error
                 ? fmt::format("  validation error {:6.2f} %", 100 * *progress.validation_error)
                 : "");
}

// A model for one machine: without the curves of all others it is small and quick to read.
CommModel single_setting(const CommModel& model, const std::vector<CommTiming>& rows) {
  for (const CommTiming& row : rows) {
    if (row.setting == rows.front().setting) continue;
    throw InputError(
        "The timings are of several machines or libraries, but --single asks for a model of one. "
        "Choose with --only-hardware and --only-library.");
  }
  return specialize(model, rows.front().setting);
}

void write_report(const CommFitRequest& request, const std::string& of, std::size_t timings,
                  std::vector<FitCurvePoint> curve, const KeptAside& aside) {
  if (request.report.empty()) return;
  FitReport report{request.name, "us", of, timings, std::move(curve), {}, {}};
  for (std::size_t i = 0; i < aside.rows.size(); ++i) {
    const CommTiming& row = aside.rows[i];
    report.points.push_back(
        {row.time_us, aside.predicted_us[i], std::string(to_string(row.call.operation))});
  }
  if (!aside.rows.empty()) report.slices = slice_errors(aside.rows, aside.predicted_us);
  write_file(request.report, fit_report_to_html(fit_report_to_json(report)));
}

void fit_and_write(const LoadedTimings& loaded, const CommFitRequest& request) {
  const std::vector<CommTiming>& rows = loaded.timings.rows;
  FitOptions options = request.options;
  std::vector<FitCurvePoint> curve;
  KeptAside aside;
  options.progress = [&](const FitProgress& now) {
    print_progress(now);
    curve.push_back({now.stage, now.iteration, now.training_error, now.validation_error});
  };
  options.kept_aside = [&](const CommTiming& row, double us) { aside.add(row, us); };
  std::optional<CommModel> base;
  if (!request.from.empty()) options.base = &base.emplace(load_comm_model(request.from));
  CommModel model = fit_comm_model(rows, options);
  require_prices(model.error.geometric_mean_error);
  model.training.data_fingerprint = loaded.fingerprint;
  if (request.single) model = single_setting(model, rows);
  model.name = request.name;
  write_file(request.output, comm_model_to_json(model));
  const std::string of = aside.rows.empty() ? "No timings were kept aside: there are too few."
                                            : "Errors are of calls kept aside from a first fit.";
  write_report(request, of, rows.size(), std::move(curve), aside);
  fmt::print(stderr, "{}: {} timings, geometric-mean error {:.1f} % ({}).\n", request.output,
             rows.size(), 100 * model.error.geometric_mean_error, model.error.how);
}

void print_hold_out(const std::vector<CommTiming>& timings, const CommFitRequest& request) {
  const auto tell = [](const std::string& turn) { fmt::print(stderr, "Kept aside: {}.\n", turn); };
  const HoldOut what = parse_hold_out(request.hold_out);
  KeptAside aside;
  for (const HeldOutRow& row :
       hold_out(timings, what, request.architecture, request.options, tell)) {
    aside.add(row.row, row.predicted_us);
  }
  const std::vector<ErrorSlice> slices = slice_errors(aside.rows, aside.predicted_us);
  if (request.json) {
    print_json(errors_to_json("hold-out " + request.hold_out, slices));
  } else {
    fmt::print("{}", errors_to_text(slices));
  }
  write_report(request, fmt::format("Errors are of {} kept aside in turn.", request.hold_out),
               timings.size(), {}, aside);
}

}  // namespace

void fit_comm_timings(const LoadedTimings& timings, const CommFitRequest& request) {
  if (!request.hold_out.empty()) return print_hold_out(timings.timings.rows, request);
  if (request.architecture != CommArchitecture::curves) {
    throw UsageError(
        "NeuroShard's communication nets are for comparison: give --hold-out sizes, not -o.");
  }
  fit_and_write(timings, request);
}

}  // namespace shardwright
