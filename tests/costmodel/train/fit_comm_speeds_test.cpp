#include "costmodel/train/fit_comm_speeds.hpp"

#include "costmodel/neural/comm_curve.hpp"
#include "costmodel/neural/comm_model_json.hpp"
#include "costmodel/train/fit_comm_model.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <string>
#include <vector>

namespace shardwright {
namespace {

constexpr MachineProbe kQuiet = {{20, 4, 7}};
constexpr MachineProbe kLessMemory = {{10, 3, 7}};
constexpr MachineProbe kLessOfAll = {{15, 2, 5}};

/// Every rate as it is and half of that.
std::vector<MachineProbe> all_mixtures() {
  std::vector<MachineProbe> mixtures;
  for (const double copy : {20.0, 10.0}) {
    for (const double gather : {4.0, 2.0}) {
      for (const double fma : {7.0, 3.5}) mixtures.push_back({{copy, gather, fma}});
    }
  }
  return mixtures;
}

// Messages go with copying and multiply-adds alike, work in place with random reads.
double slower(CollectiveKind kind, const MachineProbe& probe) {
  const Speeds speeds = relative_speeds(probe, kQuiet);
  const double exponent = is_of_samples(kind) ? speeds[probe_gather]
                                              : 0.5 * speeds[probe_copy] + 0.5 * speeds[probe_fma];
  return std::exp(-exponent);
}

double true_us(CollectiveKind kind, double bytes, const MachineProbe& probe) {
  return (5 + bytes / 1e4) * slower(kind, probe);
}

constexpr std::array kKinds = {CollectiveKind::all_to_all, CollectiveKind::values_in_place};

std::vector<CommTiming> timings_of(const std::vector<MachineProbe>& probes) {
  std::vector<CommTiming> rows;
  std::int64_t repeat = 0;
  for (const MachineProbe& probe : probes) {
    ++repeat;
    for (const CollectiveKind kind : kKinds) {
      for (double bytes = 1024; bytes <= 1 << 26; bytes *= 4) {
        CommTiming row{{"cpu", "", "lib"}, {kind, 2, 1, bytes, 4}, 0, repeat, probe};
        row.time_us = true_us(kind, bytes, probe);
        rows.push_back(row);
      }
    }
  }
  return rows;
}

CommModel model_of(const std::vector<CommTiming>& rows, const CommModel* base = nullptr) {
  FitOptions options;
  options.validation_share = 0;
  options.base = base;
  return fit_comm_model(rows, options);
}

TEST(FitCommSpeeds, FindsWhatTimesGoWith) {
  const CommSpeeds speeds = fit_comm_speeds(timings_of(all_mixtures()));
  EXPECT_NEAR(speeds.messages[probe_copy], 0.5, 0.02);
  EXPECT_NEAR(speeds.messages[probe_gather], 0, 0.02);
  EXPECT_NEAR(speeds.messages[probe_fma], 0.5, 0.02);
  EXPECT_NEAR(speeds.in_place[probe_gather], 1, 0.02);
  EXPECT_EQ(speeds.local, Speeds{});
  EXPECT_EQ(speeds.reference, kQuiet);
}

TEST(FitCommSpeeds, LearnsNothingFromOneRunOrFromRowsWithoutProbes) {
  const CommSpeeds once = fit_comm_speeds(timings_of({kQuiet}));
  EXPECT_EQ(once.messages, Speeds{});
  EXPECT_EQ(once.in_place, Speeds{});
  const CommSpeeds none = fit_comm_speeds(timings_of({{}, {}}));
  EXPECT_FALSE(none.reference.known());
  EXPECT_EQ(time_factor(none, CollectiveKind::all_to_all, kQuiet), 1);
}

TEST(FitCommSpeeds, NoTimeFallsAsCoresSlowDown) {
  std::vector<CommTiming> rows = timings_of({kQuiet, kLessMemory});
  for (CommTiming& row : rows) row.time_us *= row.probe == kQuiet ? 4 : 1;
  const CommSpeeds speeds = fit_comm_speeds(rows);
  for (const CollectiveKind kind : kKinds) {
    EXPECT_GE(time_factor(speeds, kind, kLessMemory), time_factor(speeds, kind, kQuiet));
  }
}

TEST(FitCommSpeeds, ModelsPriceTheMachineThatIsAskedFor) {
  const CommModel fitted = model_of(timings_of(all_mixtures()));
  const CommModel model = parse_comm_model(comm_model_to_json(fitted), "model.json");
  EXPECT_EQ(model.speeds, fitted.speeds);
  for (const CollectiveKind kind : kKinds) {
    for (const MachineProbe& probe : {kQuiet, kLessOfAll}) {
      const double bytes = 1 << 20;
      const double us = predict_us(model, {"cpu", "", "lib"}, {kind, 2, 1, bytes}, probe);
      EXPECT_NEAR(us / true_us(kind, bytes, probe), 1, 0.02);
      EXPECT_NEAR(CommCurve(model, kind, 2, 1, probe).milliseconds(bytes), 1e-3 * us, 1e-9);
    }
    EXPECT_EQ(predict_us(model, {"cpu", "", "lib"}, {kind, 2, 1, 4096}),
              predict_us(model, {"cpu", "", "lib"}, {kind, 2, 1, 4096}, model.speeds.reference));
  }
}

TEST(FitCommSpeeds, AnAdaptedModelKeepsItsReference) {
  const CommModel base = model_of(timings_of(all_mixtures()));
  std::vector<CommTiming> slower_twice = timings_of({kLessMemory});
  for (CommTiming& row : slower_twice) row.time_us *= 2;
  const CommModel model = model_of(slower_twice, &base);
  EXPECT_EQ(model.speeds, base.speeds);
  const CommTiming& row = slower_twice.front();
  EXPECT_NEAR(predict_us(model, row.setting, row.call, row.probe) / row.time_us, 1, 0.1);
}

}  // namespace
}  // namespace shardwright
