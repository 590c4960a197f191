#include "runtime/measured/phase_trace.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace shardwright {
namespace {

using nlohmann::json;

// Two ranks; rank 1 is slower at look-ups, by the plan and in truth.
std::vector<RankPrediction> predictions() {
  return {{.memory = {}, .phases = {1, 2, 3, 4, 5}}, {.memory = {}, .phases = {1, 6, 3, 2, 4}}};
}

std::vector<StepReport> step_of_two_ranks() {
  std::vector<StepReport> ranks(2);
  for (std::size_t r = 0; r < 2; ++r) {
    for (std::size_t i = 0; i < kStepPhaseNames.size(); ++i) {
      ranks[r].phase_ms[i] = 1.0 + 0.5 * static_cast<double>(r + i);
    }
  }
  return ranks;
}

json trace_of(std::int64_t steps_kept, std::int64_t steps_taken) {
  PhaseTrace trace({steps_kept, predictions(), {"alpha", "be\"ta"}, "1234"});
  for (std::int64_t step = 0; step < steps_taken; ++step) {
    trace.add(step, step_of_two_ranks(), 100.0 * static_cast<double>(step));
  }
  return json::parse(trace.json());
}

// The events of one row, in the order of the file.
std::vector<json> row(const json& trace, int rank, const std::string& category) {
  std::vector<json> events;
  for (const json& event : trace["traceEvents"]) {
    if (event["ph"] == "X" && event["pid"] == rank && event["cat"] == category) {
      events.push_back(event);
    }
  }
  return events;
}

TEST(PhaseTrace, HasTheFieldsThatTheFormatAsksFor) {
  const json trace = trace_of(20, 3);
  EXPECT_EQ(trace["displayTimeUnit"], "ms");
  for (const json& event : trace["traceEvents"]) {
    EXPECT_TRUE(event["name"].is_string() && event["pid"].is_number_integer() &&
                event["tid"].is_number_integer())
        << event;
    if (event["ph"] == "M") continue;
    ASSERT_EQ(event["ph"], "X");
    EXPECT_GE(event["ts"].get<double>(), 0) << event;
    EXPECT_GE(event["dur"].get<double>(), 0) << event;
  }
}

TEST(PhaseTrace, NamesRanksWithTheirHosts) {
  const json trace = trace_of(1, 1);
  const auto named = [&](const std::string& name) {
    return std::any_of(trace["traceEvents"].begin(), trace["traceEvents"].end(),
                       [&](const json& event) { return event["args"].value("name", "") == name; });
  };
  EXPECT_TRUE(named("rank 0 on alpha"));
  EXPECT_TRUE(named("rank 1 on be\"ta"));
  EXPECT_TRUE(named("measured"));
  EXPECT_TRUE(named("predicted"));
}

TEST(PhaseTrace, HasPhasesInTheirOrderWithoutOverlap) {
  const json trace = trace_of(20, 3);
  for (const int rank : {0, 1}) {
    const std::vector<json> events = row(trace, rank, "measured");
    ASSERT_EQ(events.size(), 3 * kStepPhaseNames.size());
    double end = 0;
    for (std::size_t i = 0; i < events.size(); ++i) {
      EXPECT_EQ(events[i]["name"], std::string(kStepPhaseNames[i % kStepPhaseNames.size()]));
      EXPECT_GE(events[i]["ts"].get<double>(), end - 2e-3) << "rounded to nanoseconds";
      end = events[i]["ts"].get<double>() + events[i]["dur"].get<double>();
    }
  }
}

TEST(PhaseTrace, DoesNotOverlapStepsThatTookLongerThanTheClockSays) {
  PhaseTrace trace({20, {}, {"a", "b"}, ""});
  for (const double end_ms : {1.0, 2.0, 3.0}) trace.add(0, step_of_two_ranks(), end_ms);
  double end = 0;
  for (const json& event : row(json::parse(trace.json()), 1, "measured")) {
    EXPECT_GE(event["ts"].get<double>(), end - 2e-3);
    end = event["ts"].get<double>() + event["dur"].get<double>();
  }
}

TEST(PhaseTrace, PredictedPhasesAddUpToThePlan) {
  const json trace = trace_of(1, 1);
  double begin = 1e30;
  double end = 0;
  for (std::size_t rank = 0; rank < 2; ++rank) {
    double sum = 0;
    for (const json& event : row(trace, static_cast<int>(rank), "predicted")) {
      sum += event["dur"].get<double>();
      begin = std::min(begin, event["ts"].get<double>());
      end = std::max(end, event["ts"].get<double>() + event["dur"].get<double>());
    }
    EXPECT_NEAR(sum, 1e3 * predictions()[rank].phases.total_ms(), 1e-2);
  }
  const std::vector<PhaseTimes> times = {predictions()[0].phases, predictions()[1].phases};
  EXPECT_NEAR(end - begin, 1e3 * step_cost_ms(times, Objective::step), 1e-2);
}

TEST(PhaseTrace, LaysPredictedBesideMeasuredFromTheEndOfReading) {
  const json trace = trace_of(1, 1);
  const json measured = row(trace, 1, "measured").at(1);
  EXPECT_EQ(measured["name"], "input_exchange");
  EXPECT_NEAR(row(trace, 1, "predicted").front()["ts"].get<double>(), measured["ts"].get<double>(),
              1e-2);
}

TEST(PhaseTrace, KeepsNoMoreStepsThanAskedFor) { EXPECT_EQ(trace_of(2, 2), trace_of(2, 50)); }

TEST(PhaseTrace, HasNoPredictedRowWithoutPrediction) {
  PhaseTrace trace({1, {}, {"a", "b"}, ""});
  trace.add(0, step_of_two_ranks(), 30);
  EXPECT_TRUE(row(json::parse(trace.json()), 0, "predicted").empty());
  EXPECT_EQ(row(json::parse(trace.json()), 0, "measured").size(), kStepPhaseNames.size());
}

}  // namespace
}  // namespace shardwright
