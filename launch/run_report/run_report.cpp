#include "launch/run_report/run_report.hpp"

#include "costmodel/errors.hpp"
#include "costmodel/json/json_view.hpp"
#include "launch/run_report/run_curve.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <utility>

namespace shardwright {
namespace {

using nlohmann::json;

constexpr std::size_t kMostPoints = 1000;
constexpr std::size_t kMostEvents = 500;  // the last ones are kept

// What a rank does by itself: the other phases hold the wait for the slowest.
constexpr std::array<const char*, 3> kOwnWork = {"lookup", "dense", "update"};

CurvePoint point_of(const JsonView& step) {
  constexpr std::int64_t kMostSteps = std::int64_t{1} << 31;  // of a line: all can be added up
  CurvePoint point;
  point.step = step.at("step").integer(0);
  const auto steps = step.find("steps");
  point.steps = steps ? steps->integer(1, kMostSteps) : 1;
  const auto mean = step.find("loss_mean");
  const double loss = (mean ? *mean : step.at("loss")).number();
  point.loss_sum = loss * static_cast<double>(point.steps);
  point.samples = step.at("samples").number(0);
  const double rate = step.at("samples_per_s").number(0);
  point.seconds = rate > 0 ? point.samples / rate : 0;
  for (const char* phase : kOwnWork) {
    const JsonView ms = step.at("phase_ms").at(phase);
    point.slowest_ms += ms.at("max").number(0) * static_cast<double>(point.steps);
    point.mean_ms += ms.at("mean").number(0) * static_cast<double>(point.steps);
  }
  return point;
}

json point_json(const CurvePoint& point) {
  return {
      {"step", point.step},
      {"loss", point.loss_sum / static_cast<double>(point.steps)},
      {"samples_per_s", point.seconds > 0 ? json(point.samples / point.seconds) : json(nullptr)},
      {"imbalance", point.mean_ms > 0 ? json(point.slowest_ms / point.mean_ms) : json(nullptr)}};
}

/// Goes through a run's lines.
class RunReader {
 public:
  void add(const JsonView& line) {
    const std::string event = line.at("event").string();
    if (event == "step") {
      add_step(line);
    } else if (event == "evaluation") {
      add_event(evaluations_, line.raw());
    } else if (event == "checkpoint" || event == "resume") {
      add_event(events_, line.raw());
    } else if (event == "plan_check") {
      plan_check_ = line.raw();
    } else if (event == "summary") {
      summary_ = line.raw();
    }
  }

  bool has_steps() const { return !curve_.points().empty(); }

  json report() const {
    json points = json::array();
    for (const CurvePoint& point : curve_.points()) points.push_back(point_json(point));
    const bool compared = summary_.is_object() && summary_.value("plan_check", json()).is_object();
    return {{"schema", "shardwright.run_report/1"},
            {"points", std::move(points)},
            {"steps_seen", steps_seen_},
            {"last_step", last_step_},
            {"evaluations", evaluations_},
            {"events", events_},
            {"plan_check", compared ? summary_["plan_check"] : plan_check_},
            {"summary", summary_}};
  }

 private:
  void add_step(const JsonView& line) {
    const CurvePoint point = point_of(line);
    curve_.add(point);
    steps_seen_ += point.steps;
    last_step_ = line.raw();
  }

  static void add_event(json& list, const json& line) {
    if (list.size() == kMostEvents) list.erase(list.begin());
    list.push_back(line);
  }

  RunCurve curve_{kMostPoints};
  std::int64_t steps_seen_ = 0;
  json last_step_;
  json evaluations_ = json::array();
  json events_ = json::array();
  json plan_check_;
  json summary_;
};

[[noreturn]] void refuse(const std::string& file, std::int64_t line, const char* what) {
  throw InputError(
      fmt::format("{}: line {} is no line of a training's metrics.jsonl (docs/metrics.md): {}.",
                  file, line, what));
}

}  // namespace

json run_report_to_json(std::istream& metrics, const std::string& file) {
  RunReader reader;
  std::string line;
  for (std::int64_t number = 1; std::getline(metrics, line); ++number) {
    const bool cut_off = metrics.eof();  // without its line end
    try {
      const json value = parse_json(line, "the line");
      reader.add(JsonView(value, "the line"));
    } catch (const InputError& error) {
      if (cut_off) break;
      refuse(file, number, error.what());
    }
  }
  if (reader.has_steps()) return reader.report();
  throw InputError(fmt::format("{} has no training step yet.", file));
}

json read_run_report(const std::string& folder) {
  const std::string file = folder + "/metrics.jsonl";
  std::ifstream metrics(file, std::ios::binary);
  if (!metrics) {
    throw InputError(
        fmt::format("{} cannot be read. A run's report needs the --output folder of a "
                    "training, which has one.",
                    file));
  }
  json report = run_report_to_json(metrics, file);
  report["folder"] = folder;
  return report;
}

}  // namespace shardwright
