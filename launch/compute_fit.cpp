#include "launch/compute_fit.hpp"

#include "costmodel/compute/compute_model_json.hpp"
#include "costmodel/device.hpp"
#include "costmodel/errors.hpp"
#include "costmodel/json/write_file.hpp"
#include "launch/error_report.hpp"
#include "launch/fit_report/fit_report.hpp"
#include "launch/print_json.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace shardwright {
namespace {

void print_progress(const ComputeFitProgress& progress) {
  constexpr std::int64_t kEvery = 10;
  if (progress.epoch % kEvery != 0) return;
  fmt::print(stderr, "epoch {:>5}  training error {:6.2f} %  validation error {:6.2f} %\n",
             progress.epoch, 100 * progress.training_error, 100 * progress.validation_error);
}

// What the page shows: forward and backward apart, unless the nets price them as one.
void add_points(const ComputeExample& example, const ComputeTimes& predicted,
                std::vector<FitPoint>& points) {
  const ComputeTiming& timing = example.timing;
  if (predicted.backward_ms <= 0) {
    points.push_back(
        {timing.forward_ms + timing.backward_ms, predicted.total_ms(), "forward and backward"});
    return;
  }
  points.push_back({timing.forward_ms, predicted.forward_ms, "forward"});
  points.push_back({timing.backward_ms, predicted.backward_ms, "backward"});
}

void write_report(const ComputeFitRequest& request, std::size_t timings, const ComputeModel& model,
                  const ComputeExamples& aside, std::vector<FitCurvePoint> curve) {
  if (request.report.empty()) return;
  FitReport report{request.name, "ms", "", timings, std::move(curve), {}, {}};
  report.kept_aside = aside.empty() ? "No table sets were kept aside: there are too few."
                      : request.hold_out.empty()
                          ? "Errors are of table sets kept aside for early stopping."
                          : "Errors are of table sets kept aside.";
  const std::vector<ComputeTimes> predicted = predict_times(model, aside);
  for (std::size_t i = 0; i < aside.size(); ++i) {
    add_points(*aside[i], predicted[i], report.points);
  }
  if (!aside.empty()) report.slices = compute_errors(model, aside);
  write_file(request.report, fit_report_to_html(fit_report_to_json(report)));
}

/// The one device that all timings are of.
std::string device_of_timings(const ComputeExamples& examples) {
  std::set<std::string> devices;
  for (const auto& example : examples) {
    devices.emplace(device_of_hardware(example->timing.hardware));
  }
  if (devices.size() == 1) return *devices.begin();
  throw InputError(fmt::format(
      "The timings are of several kinds of device: {}. Choose one with --only-hardware.",
      fmt::join(devices, ", ")));
}

/// That the timings are of; a base of another GPU is adapted to it.
std::string device_to_price(const ComputeExamples& examples, const ComputeModel* base) {
  std::string device = device_of_timings(examples);
  if (base != nullptr && (base->device == "cpu") != (device == "cpu")) {
    throw InputError(fmt::format(
        "The timings are of the device {}, and {} prices {}: give --from a model of {}.", device,
        base->name, base->device, device == "cpu" ? "CPUs" : "GPUs"));
  }
  return device;
}

void print_hold_out(const ComputeExamples& examples, const ComputeFitRequest& request,
                    const ComputeFitOptions& options, const std::vector<FitCurvePoint>& curve) {
  if (request.hold_out != "sets") {
    throw UsageError(
        fmt::format("--hold-out is '{}'; of timings of computation only sets can be kept aside.",
                    request.hold_out));
  }
  constexpr double kShare = 0.2;
  constexpr std::uint64_t kOtherSeed = 0x5eed;  // not the split of the validation
  const ExampleSplit split = split_by_set(examples, kShare, options.seed ^ kOtherSeed);
  if (split.aside.empty()) throw InputError("There are too few table sets to keep some aside.");
  const ComputeModel model = fit_compute_model(split.rest, options);
  const std::vector<ErrorSlice> slices = compute_errors(model, split.aside);
  if (request.json) {
    print_json(errors_to_json("hold-out sets", slices));
  } else {
    fmt::print("{}", errors_to_text(slices));
  }
  write_report(request, examples.size(), model, split.aside, curve);
}

void say_what_never_varies(const ComputeTraining& training) {
  std::vector<std::string> all;
  for (const auto& [what, range] : training.ranges) {
    if (range.least == range.most) all.push_back(fmt::format("{} {:g}", what, range.least));
  }
  if (all.empty()) return;
  fmt::print(stderr, "Note: all timings have {}. What others cost is a guess, as plans will say.\n",
             fmt::join(all, ", "));
}

}  // namespace

void fit_compute_timings(const LoadedComputeTimings& timings, const ComputeFitRequest& request) {
  ComputeFitOptions options = request.options;
  std::vector<FitCurvePoint> curve;
  options.progress = [&curve](const ComputeFitProgress& now) {
    print_progress(now);
    curve.push_back({"epochs", now.epoch, now.training_error, now.validation_error});
  };
  std::optional<ComputeModel> base;
  if (!request.from.empty()) {
    base = load_compute_model(request.from);
    options.base = &*base;
  }
  const std::string device = device_to_price(timings.examples, options.base);
  if (!request.hold_out.empty()) {
    return print_hold_out(timings.examples, request, options, curve);
  }
  ComputeModel model = fit_compute_model(timings.examples, options);
  require_prices(model.error.geometric_mean_error);
  say_what_never_varies(model.training);
  model.name = request.name;
  model.training.data_fingerprint = timings.fingerprint;
  model.device = device;
  write_file(request.output, compute_model_to_json(model));
  const ExampleSplit split = split_by_set(timings.examples, options.validation_share, options.seed);
  write_report(request, timings.examples.size(), model, split.aside, std::move(curve));
  fmt::print(stderr, "{}: {} timings, geometric-mean error {:.1f} % ({}).\n", request.output,
             timings.examples.size(), 100 * model.error.geometric_mean_error, model.error.how);
}

}  // namespace shardwright
