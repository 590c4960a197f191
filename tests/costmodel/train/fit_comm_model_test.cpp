#include "costmodel/train/fit_comm_model.hpp"

#include "costmodel/errors.hpp"
#include "costmodel/neural/comm_model_json.hpp"
#include "costmodel/train/comm_curve_fit.hpp"
#include "costmodel/train/hold_out.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <string>

namespace shardwright {
namespace {

using testing::HasSubstr;

// Latency that grows with ranks, and a bandwidth.
double true_us(double latency, double gigabytes_per_second, const CollectiveCall& call) {
  return latency * std::log2(2.0 * static_cast<double>(call.ranks)) +
         call.bytes / (1e3 * gigabytes_per_second);
}

std::vector<CommTiming> timings_of(const std::string& hardware, double latency, double bandwidth) {
  std::vector<CommTiming> rows;
  for (const CollectiveKind operation : {CollectiveKind::all_to_all, CollectiveKind::all_reduce}) {
    for (const std::int64_t ranks : {2, 4, 8}) {
      for (double bytes = 1024; bytes <= 1 << 26; bytes *= 4) {
        CommTiming row{{hardware, "", "lib"}, {operation, ranks, 1, bytes, 2}, 0, 1};
        row.time_us = true_us(latency, bandwidth, row.call);
        rows.push_back(row);
      }
    }
  }
  return rows;
}

std::vector<CommTiming> two_kinds() {
  std::vector<CommTiming> rows = timings_of("fast", 5, 100);
  const std::vector<CommTiming> slow = timings_of("slow", 9, 10);
  rows.insert(rows.end(), slow.begin(), slow.end());
  return rows;
}

double error_on(const CommModel& model, const std::vector<CommTiming>& rows) {
  double sum = 0;
  for (const CommTiming& row : rows) {
    sum += std::abs(std::log(predict_us(model, row.setting, row.call) / row.time_us));
  }
  return std::expm1(sum / static_cast<double>(rows.size()));
}

std::string message_of(const std::vector<CommTiming>& rows) {
  try {
    fit_comm_model(rows, {});
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(FitCommModel, LearnsLatencyAndBandwidth) {
  const CommModel model = fit_comm_model(timings_of("fast", 5, 100), {});
  EXPECT_LT(model.error.geometric_mean_error, 0.02);
  const CollectiveCall between = {CollectiveKind::all_to_all, 4, 1, 3e6, 2};
  const CommSetting setting = {"fast", "", "lib"};
  EXPECT_NEAR(predict_us(model, setting, between) / true_us(5, 100, between), 1, 0.05);
}

TEST(FitCommModel, GivesTheSameFileForTheSameSeed) {
  const std::vector<CommTiming> rows = two_kinds();
  FitOptions options;
  options.most_iterations = 60;
  EXPECT_EQ(comm_model_to_json(fit_comm_model(rows, options)),
            comm_model_to_json(fit_comm_model(rows, options)));
}

TEST(FitCommModel, PredictsAsLibTorchDoes) {
  const CommModel model = fit_comm_model(two_kinds(), {});
  std::vector<CommTiming> asked;
  for (const double bytes : {1.0, 1024.0, 5000.0, 1e6, 7e7, 1e10}) {
    for (const std::int64_t ranks : {2, 3, 8, 100}) {
      for (const std::int64_t element : {1, 2, 4}) {
        for (const std::string hardware : {"fast", "unknown"}) {
          asked.push_back({{hardware, "", "lib"},
                           {CollectiveKind::all_reduce, ranks, 1, bytes, element},
                           1,
                           1});
        }
      }
    }
  }
  const std::vector<double> logs = torch_log_predictions(model, asked);
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const double ours = predict_us(model, asked[i].setting, asked[i].call);
    EXPECT_NEAR(ours / std::exp(logs[i]), 1, 1e-5) << i;
  }
}

FitOptions quick() {
  FitOptions options;
  options.most_iterations = 20;
  return options;
}

constexpr std::array kOfSamples = {CollectiveKind::pack_gradients, CollectiveKind::values_in_place};

// 2 µs and 4 bytes a nanosecond, half of that in place, whatever the number of ranks.
double true_us(CollectiveKind kind, double bytes) {
  return 2 + bytes / (is_in_place(kind) ? 2e3 : 4e3);
}

std::vector<CommTiming> timings_with_others() {
  std::vector<CommTiming> rows = timings_of("fast", 5, 100);
  for (const CollectiveKind kind : kOfSamples) {
    for (const std::int64_t ranks : {2, 8}) {
      for (double bytes = 4096; bytes <= 1 << 26; bytes *= 4) {
        rows.push_back({{"fast", "", "lib"}, {kind, ranks, 1, bytes}, true_us(kind, bytes), 1});
      }
    }
  }
  return rows;
}

TEST(FitCommModel, LearnsWhatIsOfSamplesAndRanksDoNotChange) {
  const CommSetting setting = {"fast", "", "lib"};
  const CommModel fitted = fit_comm_model(timings_with_others(), quick());
  for (const CollectiveKind kind : kOfSamples) {
    EXPECT_TRUE(fitted.training.operations.contains(std::string(to_string(kind))));
    for (const CommModel& model : {fitted, specialize(fitted, setting)}) {
      for (const double bytes : {4096.0, 50e3, 3e6, 6e7, 2e8}) {
        const CollectiveCall call{kind, 2, 1, bytes};
        EXPECT_NEAR(predict_us(model, setting, call) / true_us(kind, bytes), 1, 1e-4) << bytes;
        CollectiveCall more = call;
        more.ranks = 64;
        EXPECT_EQ(predict_us(model, setting, more), predict_us(model, setting, call));
      }
    }
  }
  EXPECT_EQ(parse_comm_model(comm_model_to_json(fitted), "m.json"), fitted);
}

TEST(FitCommModel, SaysTheSameOfCollectivesWithoutWhatIsOfSamples) {
  const CommModel with = fit_comm_model(timings_with_others(), quick());
  const CommModel without = fit_comm_model(timings_of("fast", 5, 100), quick());
  EXPECT_EQ(with.error, without.error);
  EXPECT_EQ(with.pace_us, without.pace_us);
  EXPECT_EQ(with.training.rows, without.training.rows + 2 * 16);
  for (const CommTiming& row : timings_of("fast", 5, 100)) {
    EXPECT_EQ(predict_us(with, row.setting, row.call), predict_us(without, row.setting, row.call));
  }
}

TEST(FitCommModel, AddsWhatIsOfSamplesToABase) {
  const CommModel base =
      specialize(fit_comm_model(timings_of("fast", 5, 100), quick()), {"fast", "", "lib"});
  std::vector<CommTiming> rows = timings_with_others();
  std::erase_if(rows, [](const CommTiming& row) { return !is_of_samples(row.call.operation); });
  FitOptions options = quick();
  EXPECT_THAT(message_of(rows), HasSubstr("no collective to price"));
  options.base = &base;
  const CommModel model = fit_comm_model(rows, options);
  const CollectiveCall other = {CollectiveKind::all_to_all, 4, 1, 3e6, 2};
  EXPECT_EQ(predict_us(model, rows[0].setting, other), predict_us(base, rows[0].setting, other));
  for (CommTiming& row : rows) {
    EXPECT_NEAR(predict_us(model, row.setting, row.call) / row.time_us, 1, 1e-4);
    row.time_us *= 3;
  }
  options.base = &model;
  const CommModel slower = fit_comm_model(rows, options);
  for (const CommTiming& row : rows) {
    EXPECT_NEAR(predict_us(slower, row.setting, row.call) / row.time_us, 1, 1e-4);
  }
}

TEST(FitCommModel, RefusesLocalWorkOfOneSize) {
  std::vector<CommTiming> rows = timings_of("fast", 5, 100);
  rows.push_back({{"fast", "", "lib"}, {CollectiveKind::split_ids, 2, 1, 4096}, 3, 1});
  EXPECT_THAT(message_of(rows), HasSubstr("All timings of split_ids on fast are of one size"));
}

// Time by all that is moved, and by a third of it for a rank that has waited long.
std::vector<CommTiming> unequal_timings() {
  std::vector<CommTiming> rows = timings_of("fast", 5, 100);
  const std::size_t even = rows.size();
  for (std::size_t i = 0; i < even; ++i) {
    CommTiming row = rows[i];
    if (row.call.operation != CollectiveKind::all_to_all) continue;
    row.call.mean_bytes = row.call.bytes / (i % 2 == 0 ? 2 : 4);
    row.time_us *= evenness(row.call);
    rows.push_back(row);
    row = rows[i];
    row.call.wait_us = 1000 * row.time_us;
    row.time_us /= 3;
    rows.push_back(row);
  }
  return rows;
}

TEST(FitCommModel, LearnsUnevenSizesAndWaits) {
  const std::vector<CommTiming> rows = unequal_timings();
  const CommModel model = fit_comm_model(rows, {});
  const CommSetting setting = {"fast", "", "lib"};
  CollectiveCall call = {CollectiveKind::all_to_all, 4, 1, 1 << 20, 2};
  const double even = predict_us(model, setting, call);
  EXPECT_NEAR(even / true_us(5, 100, call), 1, 0.1);
  call.mean_bytes = call.bytes / 4;
  EXPECT_NEAR(predict_us(model, setting, call) / even, 0.25, 0.04);
  call.mean_bytes = 0;
  call.wait_us = 1000 * even;
  EXPECT_NEAR(predict_us(model, setting, call) / even, 1.0 / 3, 0.05);
  const std::vector<double> logs = torch_log_predictions(model, rows);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double ours = predict_us(model, rows[i].setting, rows[i].call);
    EXPECT_NEAR(ours / std::exp(logs[i]), 1, 1e-5) << i;
  }
}

TEST(FitCommModel, AddsUnevenSizesToABaseWithoutThem) {
  const CommModel base = fit_comm_model(two_kinds(), {});
  const std::vector<CommTiming> rows = unequal_timings();
  FitOptions options;
  options.base = &base;
  const CommModel adapted = fit_comm_model(rows, options);
  CollectiveCall call = {CollectiveKind::all_to_all, 4, 1, 1 << 20, 2};
  const double even = predict_us(adapted, rows[0].setting, call);
  call.mean_bytes = call.bytes / 4;
  EXPECT_NEAR(predict_us(adapted, rows[0].setting, call) / even, 0.25, 0.06);
}

TEST(FitCommModel, AdaptsToNewHardwareFromFewTimings) {
  const CommModel base = fit_comm_model(two_kinds(), {});
  const std::vector<CommTiming> all = timings_of("new", 6, 80);
  FitOptions options;
  options.base = &base;

  const CommModel adapted = fit_comm_model(choose_own_rows(all), options);

  EXPECT_LT(error_on(adapted, all), 0.05);
  // What was known stays known.
  const CollectiveCall call = {CollectiveKind::all_to_all, 4, 1, 1 << 20, 2};
  EXPECT_EQ(predict_us(adapted, {"slow", "", "lib"}, call),
            predict_us(base, {"slow", "", "lib"}, call));
}

TEST(FitCommModel, RemembersOnHowManyRanksEachMachineWasMeasured) {
  std::vector<CommTiming> rows = two_kinds();
  std::erase_if(rows, [](const CommTiming& row) {
    return row.setting.hardware == "slow" && row.call.ranks == 8;
  });
  const CommModel base = fit_comm_model(rows, {});
  const CommSetting slow = {"slow", "", "lib"};
  EXPECT_EQ(base.training.settings.at({"fast", "", "lib"}), (Range{2, 8}));
  EXPECT_EQ(base.training.settings.at(slow), (Range{2, 4}));

  std::vector<CommTiming> more = timings_of("slow", 9, 10);
  std::erase_if(more, [](const CommTiming& row) { return row.call.ranks != 8; });
  FitOptions options;
  options.base = &base;
  EXPECT_EQ(fit_comm_model(more, options).training.settings.at(slow), (Range{2, 8}));
}

TEST(FitCommModel, AdaptsBeyondAllKnownMachines) {
  const CommModel base = fit_comm_model(two_kinds(), {});
  const std::vector<CommTiming> all = timings_of("far", 2, 500);
  FitOptions options;
  options.base = &base;
  const CommModel adapted = fit_comm_model(choose_own_rows(all), options);
  EXPECT_LT(error_on(adapted, all), 0.15);
}

TEST(FitCommModel, AdaptsAModelOfASingleMachine) {
  const CommModel base = specialize(fit_comm_model(two_kinds(), {}), {"fast", "", "lib"});
  const std::vector<CommTiming> all = timings_of("new", 6, 80);
  FitOptions options;
  options.base = &base;
  EXPECT_GT(error_on(base, all), 0.15);
  EXPECT_LT(error_on(fit_comm_model(choose_own_rows(all), options), all), 0.05);
  EXPECT_LT(error_on(fit_comm_model(all, options), all), 0.03);
}

TEST(FitCommModel, TellsWhatTheFirstFitSaysOfTimingsKeptAside) {
  const std::vector<CommTiming> rows = two_kinds();
  double sum = 0;
  double count = 0;
  FitOptions options;
  options.validation_share = 0.2;
  options.kept_aside = [&](const CommTiming& row, double us) {
    sum += std::abs(std::log(us / row.time_us));
    count += 1;
  };
  const CommModel model = fit_comm_model(rows, options);
  ASSERT_GT(count, 5);
  EXPECT_NEAR(std::expm1(sum / count), model.error.geometric_mean_error, 1e-12);
}

TEST(FitCommModel, RefusesTimingsThatCannotCarryAModel) {
  const std::vector<CommTiming> rows = timings_of("fast", 5, 100);
  EXPECT_THAT(message_of({rows[0]}), HasSubstr("a single timing"));
  std::vector<CommTiming> one_size = {rows[0], rows[0]};
  one_size[1].time_us *= 2;
  EXPECT_THAT(message_of(one_size), HasSubstr("one message size"));
  std::vector<CommTiming> same = {rows[0], rows[1]};
  same[1].time_us = same[0].time_us;
  EXPECT_THAT(message_of(same), HasSubstr("the same number of microseconds"));
}

TEST(HoldOut, PredictsEverySizeOnceWithoutHavingSeenIt) {
  const std::vector<CommTiming> rows = timings_of("fast", 5, 100);
  const auto ignore = [](const std::string&) {};

  const std::vector<HeldOutRow> result =
      hold_out(rows, HoldOut::sizes, CommArchitecture::curves, {}, ignore);

  ASSERT_EQ(result.size(), rows.size());
  for (const HeldOutRow& row : result) {
    EXPECT_NEAR(row.predicted_us / row.row.time_us, 1, 0.8) << row.row.call.bytes;
  }
}

TEST(ChooseOwnRows, TakesASmallAndALargeMessagePerOperation) {
  const std::vector<CommTiming> chosen = choose_own_rows(timings_of("fast", 5, 100));
  ASSERT_EQ(chosen.size(), 4U);  // two operations
  EXPECT_EQ(chosen[0].call.ranks, 4);
  EXPECT_EQ(chosen[1].call.ranks, 4);
  EXPECT_LT(chosen[0].call.bytes, chosen[1].call.bytes);
}

}  // namespace
}  // namespace shardwright
