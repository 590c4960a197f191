#include "costmodel/train/fit_compute_model.hpp"

#include "costmodel/compute/compute_model_json.hpp"
#include "costmodel/errors.hpp"
#include "costmodel/train/fit_roofline.hpp"
#include "tests/costmodel/compute/sample_model.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace shardwright {
namespace {

using ::testing::HasSubstr;

// Sets whose times follow a known law: a roofline that large tables exceed by half.
ComputeExamples made_up(std::int64_t sets) {
  std::vector<ComputeTiming> timings;
  for (std::int64_t set = 0; set < sets; ++set) {
    ComputeTiming timing;
    timing.hardware = "made up";
    timing.probe = {{20, 1, 8}};
    timing.set = set;
    timing.batch_size = 64 << (set % 5);
    timing.optimizer = set % 2 == 0 ? OptimizerKind::sgd : OptimizerKind::adagrad;
    for (std::int64_t t = 0; t <= set % 4; ++t) {
      const std::int64_t rows = 100 << ((3 * set + 5 * t) % 11);
      timing.tables.push_back(
          {rows, 4 << ((set + t) % 5), 1.0 + static_cast<double>((7 * set + t) % 9), 1.05});
      const MeasuredTable& table = timing.tables.back();
      const double values = table.pooling * static_cast<double>(table.dim * timing.batch_size);
      timing.forward_ms += (1e-3 + 1e-6 * values) * (rows > 5000 ? 1.5 : 1);
      timing.backward_ms += 2e-3 + 3e-6 * values;
    }
    timings.push_back(timing);
  }
  return make_examples(std::move(timings));
}

ComputeFitOptions quick() {
  ComputeFitOptions options;
  options.most_epochs = 60;
  return options;
}

TEST(FitRoofline, FindsConstantsAndLeavesAbsentTermsAtZero) {
  const std::vector<std::vector<double>> terms = {{1, 10, 0}, {1, 200, 0}, {1, 3000, 0}, {1, 5, 0}};
  const std::vector<double> constants = fit_roofline(terms, {2.1, 4.0, 32.0, 2.05});
  EXPECT_NEAR(constants[0], 2.0, 1e-3);
  EXPECT_NEAR(constants[1], 0.01, 1e-5);
  EXPECT_EQ(constants[2], 0);
}

TEST(FitComputeModel, LearnsALawBetterThanTheRoofline) {
  const ComputeExamples examples = made_up(240);
  const ComputeModel model = fit_compute_model(examples, quick());
  EXPECT_LT(model.error.geometric_mean_error, 0.06);
  EXPECT_EQ(model.training.rows, 240U);
  EXPECT_EQ(model.training.ranges.at("tables").most, 4);
}

// A share that is 0 in nearly all timings is one in some table of a plan: the nets must not see
// that as hundreds of deviations.
TEST(FitComputeModel, SeesWhatHardlyVariesInItsOwnUnits) {
  ComputeFitOptions options = quick();
  options.most_epochs = 1;
  const ComputeModel model = fit_compute_model(made_up(60), options);
  EXPECT_GE(*std::min_element(model.deviation.begin(), model.deviation.end()), 0.1);
}

TEST(FitComputeModel, LearnsThatSlowerMachinesTakeLonger) {
  std::vector<ComputeTiming> timings;
  for (const auto& example : made_up(240)) {
    ComputeTiming& timing = timings.emplace_back(example->timing);
    const double slower = 1 + static_cast<double>(timing.set * 7 % 10) / 10;
    timing.probe = {{20, 1, 8 / slower}};
    timing.forward_ms *= slower;
    timing.backward_ms *= slower;
  }
  const ComputeExamples examples = make_examples(std::move(timings));
  const ComputeModel knows = fit_compute_model(examples, quick());
  EXPECT_LT(knows.error.geometric_mean_error, 0.06);
  EXPECT_EQ(knows.reference.rates[1], 1);
  EXPECT_LT(knows.training.ranges.at("probe_fma_gflop_s").least, 4.3);
  ComputeFitOptions blind = quick();
  blind.machine_speeds = false;
  const ComputeModel guesses = fit_compute_model(examples, blind);
  EXPECT_FALSE(guesses.reference.known());
  EXPECT_GT(guesses.error.geometric_mean_error, 2 * knows.error.geometric_mean_error);
}

TEST(FitComputeModel, TakesTheMachineOfItsBaseOrElseOfItsTimings) {
  const ComputeExamples examples = made_up(40);
  ComputeFitOptions adapt;
  adapt.most_epochs = 1;
  ComputeModel base = fit_compute_model(examples, adapt);
  EXPECT_EQ(base.reference, examples.front()->timing.probe);
  adapt.base = &base;
  base.reference = {{40, 2, 16}};
  EXPECT_EQ(fit_compute_model(examples, adapt).reference, base.reference);
  EXPECT_EQ(fit_compute_model(examples, adapt).usual, examples.front()->timing.probe);
  base.reference = {};
  EXPECT_EQ(fit_compute_model(examples, adapt).reference, examples.front()->timing.probe);
}

TEST(FitComputeModel, GivesTheSameFileForTheSameSeed) {
  const ComputeExamples examples = made_up(40);
  ComputeFitOptions options;
  options.most_epochs = 3;
  const std::string once = compute_model_to_json(fit_compute_model(examples, options));
  EXPECT_EQ(compute_model_to_json(fit_compute_model(examples, options)), once);
}

// A fit that keeps its state and is interrupted in the epoch after `epochs`.
void interrupt_after(std::int64_t epochs, const ComputeExamples& examples,
                     ComputeFitOptions options) {
  options.progress = [&](const ComputeFitProgress& progress) {
    if (progress.epoch > epochs) throw std::runtime_error("interrupted");
  };
  EXPECT_THROW(fit_compute_model(examples, options), std::runtime_error);
}

std::string state_file(const char* test) {
  std::string file = fmt::format("{}/fit_state_{}_{}", ::testing::TempDir(), test, ::getpid());
  std::filesystem::remove(file);
  return file;
}

TEST(FitComputeModel, GoesOnToTheSameFileAfterAnInterruption) {
  const ComputeExamples examples = made_up(80);
  for (const auto architecture :
       {ComputeArchitecture::roofline_residual, ComputeArchitecture::neuroshard}) {
    ComputeFitOptions options;
    options.most_epochs = 8;
    options.architecture = architecture;
    const std::string whole = compute_model_to_json(fit_compute_model(examples, options));
    options.state_file = state_file("interrupted");
    interrupt_after(3, examples, options);
    interrupt_after(5, examples, options);
    std::vector<std::int64_t> epochs;
    options.progress = [&](const ComputeFitProgress& now) { epochs.push_back(now.epoch); };
    EXPECT_EQ(compute_model_to_json(fit_compute_model(examples, options)), whole);
    EXPECT_EQ(epochs, (std::vector<std::int64_t>{6, 7, 8}));
    EXPECT_FALSE(std::filesystem::exists(options.state_file));
  }
}

TEST(FitComputeModel, RefusesTheStateOfAnotherFit) {
  ComputeFitOptions options;
  options.most_epochs = 4;
  options.state_file = state_file("other");
  interrupt_after(1, made_up(40), options);
  EXPECT_THROW(fit_compute_model(made_up(41), options), InputError);
  options.seed = 2;
  EXPECT_THROW(fit_compute_model(made_up(40), options), InputError);
  options.seed = 1;
  const auto size = std::filesystem::file_size(options.state_file);
  std::filesystem::resize_file(options.state_file, size / 2);
  EXPECT_THROW(fit_compute_model(made_up(40), options), InputError);
}

TEST(FitComputeModel, RefusesTooFewTimings) {
  EXPECT_THROW(fit_compute_model(made_up(19), quick()), InputError);
}

std::string refusal_of(const ComputeExamples& examples) {
  try {
    fit_compute_model(examples, quick());
  } catch (const InputError& error) {
    return error.what();
  }
  return "none";
}

TEST(FitComputeModel, RefusesTimesThatAreAllEqual) {
  std::vector<ComputeTiming> timings;
  for (const auto& example : made_up(40)) {
    timings.push_back(example->timing);
    timings.back().forward_ms = timings.back().backward_ms = 2;
  }
  EXPECT_THAT(refusal_of(make_examples(timings)), HasSubstr("1 different times"));
}

// The same tables again and again, at `most` times the least time at most.
std::vector<ComputeTiming> of_one_set(std::int64_t count, double most) {
  std::vector<ComputeTiming> timings(static_cast<std::size_t>(count), made_up(4)[3]->timing);
  for (std::int64_t i = 0; i < count; ++i) {
    ComputeTiming& timing = timings[static_cast<std::size_t>(i)];
    timing.set = i;
    const double longer = std::pow(most, static_cast<double>(i % 11) / 10);
    timing.forward_ms *= longer;
    timing.backward_ms *= longer;
  }
  return timings;
}

TEST(FitComputeModel, RefusesOneTableSetAgainAndAgain) {
  std::vector<ComputeTiming> timings = of_one_set(60, 1.2);
  for (ComputeTiming& timing : timings) timing.set = 7;
  EXPECT_THAT(refusal_of(make_examples(timings)), HasSubstr("of 1 table sets"));
}

// Inputs that never change tell nothing: such a model knows the set's usual time and how far times
// lie around it, that it saw no other, and prices others by its roofline.
TEST(FitComputeModel, OfEqualTableSetsKnowsTheirUsualTimeAndNoMore) {
  for (const double most : {1.2, 4.0}) {
    const ComputeExamples examples = make_examples(of_one_set(110, most));
    const ComputeModel fitted = fit_compute_model(examples, quick());
    const ComputeModel model = parse_compute_model(compute_model_to_json(fitted), "m.json");
    const ComputeTiming& least = examples.front()->timing;
    const double usual_ms = (least.forward_ms + least.backward_ms) * std::sqrt(most);
    const double predicted_ms = predict_times(model, examples).front().total_ms();
    EXPECT_NEAR(std::log(predicted_ms / usual_ms), 0, 0.2 * std::log(most));
    const double mean_miss = std::log(most) * 30 / 110;  // of 0, 0.1 … 1 from their middle
    EXPECT_NEAR(std::log1p(model.error.geometric_mean_error), mean_miss, 0.5 * mean_miss);
    for (const char* what : {"batch", "tables"}) {
      EXPECT_EQ(model.training.ranges.at(what).least, model.training.ranges.at(what).most) << what;
    }
    for (const ComputeTimes& times : predict_times(model, made_up(40))) {
      EXPECT_TRUE(std::isfinite(times.total_ms()) && times.forward_ms > 0 && times.backward_ms > 0);
    }
  }
}

TEST(FitComputeModel, CountsUsableTimesAlone) {
  std::string text = compute_timings_header({});
  for (const auto& example : made_up(40)) {
    ComputeTiming timing = example->timing;
    if (timing.set % 2 == 1) timing.backward_ms = timing.set % 4 == 1 ? -1 : std::nan("");
    if (timing.set % 20 == 0) timing.forward_ms = 0;
    text += compute_timing_line(timing);
  }
  const ComputeTimings read = parse_compute_timings(text, "t.csv");
  ASSERT_EQ(read.dropped.size(), 1U);
  EXPECT_EQ(read.dropped.front().count, 22U);
  EXPECT_THAT(refusal_of(make_examples(read.rows)), HasSubstr("There are 18 usable timings"));
}

// And some whose pooled values go past the caches.
ComputeExamples made_up_with_large_matrices(std::int64_t sets) {
  std::vector<ComputeTiming> timings;
  for (const auto& example : made_up(sets)) {
    timings.push_back(example->timing);
    if (timings.size() % 3 != 0) continue;
    timings.back().batch_size = 65536;
    for (MeasuredTable& table : timings.back().tables) table.dim = 16;
  }
  return make_examples(std::move(timings));
}

TEST(TorchPredictTimes, EqualsThePlainForm) {
  const ComputeExamples examples = made_up_with_large_matrices(30);
  ComputeFitOptions options;
  options.most_epochs = 2;
  for (const auto architecture :
       {ComputeArchitecture::roofline_residual, ComputeArchitecture::neuroshard}) {
    options.architecture = architecture;
    const ComputeModel model = fit_compute_model(examples, options);
    const auto plain = predict_times(model, examples);
    const auto torch = torch_predict_times(model, examples);
    ASSERT_EQ(plain.size(), torch.size());
    for (std::size_t i = 0; i < plain.size(); ++i) {
      EXPECT_NEAR(plain[i].forward_ms, torch[i].forward_ms, 1e-5 * torch[i].forward_ms + 1e-12);
      EXPECT_NEAR(plain[i].backward_ms, torch[i].backward_ms, 1e-5 * torch[i].backward_ms);
    }
  }
  // Weights that no fit made, so that head, codes and speeds matter.
  ComputeModel sample = testing::sample_compute_model();
  sample.reference = {{10, 1.5, 6}};
  const auto plain = predict_times(sample, examples);
  const auto torch = torch_predict_times(sample, examples);
  for (std::size_t i = 0; i < plain.size(); ++i) {
    EXPECT_NEAR(plain[i].forward_ms, torch[i].forward_ms, 1e-5 * torch[i].forward_ms);
    EXPECT_NEAR(plain[i].backward_ms, torch[i].backward_ms, 1e-5 * torch[i].backward_ms);
  }
}

}  // namespace
}  // namespace shardwright
