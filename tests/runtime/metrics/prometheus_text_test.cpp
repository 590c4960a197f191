#include "runtime/metrics/prometheus_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace shardwright {
namespace {

/// Two ranks after step 7 of 10, the last report being of one step.
JobState two_ranks() {
  std::vector<StepReport> reports(2);
  for (std::size_t rank = 0; rank < 2; ++rank) {
    reports[rank].seconds = 0.5;
    reports[rank].ms(StepPhase::lookup) = rank == 0 ? 1.5 : 2.5;
    reports[rank].bytes(StepTraffic::input) = rank == 0 ? 10 : 20;
    reports[rank].resident_bytes = rank == 0 ? 900 : 700;
  }
  JobState state;
  state.names = {"a1", "b2", "C:\\out \"new\"\nrun"};
  state.ranks = 2;
  state.num_steps = 10;
  state.samples = 256;
  state.metrics_seconds = 0.25;
  add_step(state.latest,
           {.epoch = 1, .step = 7, .samples = 32, .loss = 0.625, .learning_rate = 0.01},
           statistics_of(reports));
  state.totals += state.latest.sums;
  state.totals += state.latest.sums;
  return state;
}

/// What the text says of each sample, by its name with labels; the test fails unless every line is
/// HELP, then TYPE of the same name, then samples of that name.
std::map<std::string, double> samples_of(const std::string& text) {
  static const std::regex sample(
      R"re(([a-zA-Z_:][a-zA-Z0-9_:]*)((\{[a-z_]+="([^"\\]|\\[\\n"])*"(,[a-z_]+="([^"\\]|\\[\\n"])*")*\})?) (\S+))re");
  std::map<std::string, double> samples;
  std::set<std::string> described;
  std::string name;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::smatch found;
    if (std::regex_match(line, found, std::regex("# HELP (\\S+) .+"))) {
      name = found[1];
      EXPECT_TRUE(described.insert(name).second) << name << " is described twice";
    } else if (line.starts_with("# TYPE")) {
      EXPECT_TRUE(line == "# TYPE " + name + " gauge" || line == "# TYPE " + name + " counter")
          << line;
      EXPECT_EQ(line.ends_with("counter"), name.ends_with("_total")) << line;
    } else if (std::regex_match(line, found, sample)) {
      EXPECT_EQ(found[1], name) << line;
      samples[found[1].str() + found[2].str()] = std::stod(found[7]);
    } else {
      ADD_FAILURE() << line;
    }
  }
  EXPECT_EQ(text.back(), '\n');
  return samples;
}

TEST(PrometheusText, HasTheValuesInBaseUnits) {
  std::map<std::string, double> samples = samples_of(prometheus_text(two_ranks()));

  EXPECT_EQ(samples.at("shardwright_ranks"), 2);
  EXPECT_EQ(samples.at("shardwright_steps_total"), 8);
  EXPECT_EQ(samples.at("shardwright_job_steps"), 10);
  EXPECT_EQ(samples.at("shardwright_samples_total"), 256);
  EXPECT_EQ(samples.at("shardwright_loss"), 0.625);
  EXPECT_EQ(samples.at("shardwright_samples_per_second"), 64);
  EXPECT_EQ(samples.at(R"(shardwright_phase_seconds_total{phase="lookup",rank="0"})"), 0.003);
  EXPECT_EQ(samples.at(R"(shardwright_phase_seconds_total{phase="lookup",rank="1"})"), 0.005);
  EXPECT_EQ(samples.at(R"(shardwright_phase_slowest_rank{phase="lookup"})"), 1);
  EXPECT_EQ(samples.at(R"(shardwright_sent_bytes_total{kind="input",rank="1"})"), 40);
  EXPECT_EQ(samples.at("shardwright_resident_max_bytes"), 900);
  EXPECT_EQ(samples.at("shardwright_resident_fullest_rank"), 0);
  EXPECT_EQ(samples.at("shardwright_metrics_seconds_total"), 0.25);
}

TEST(PrometheusText, EscapesLabels) {
  std::map<std::string, double> samples = samples_of(prometheus_text(two_ranks()));

  EXPECT_EQ(
      samples.at(R"(shardwright_job_info{job_id="a1",plan_id="b2",output="C:\\out \"new\"\nrun"})"),
      1);
}

TEST(PrometheusText, LeavesOutWhatIsNotKnownYet) {
  JobState state = two_ranks();
  EXPECT_FALSE(samples_of(prometheus_text(state)).contains("shardwright_test_auc"));

  state.test = BinaryMetrics{.samples = 2, .positives = 2, .auc = {}, .log_loss = 0.5};
  std::map<std::string, double> samples = samples_of(prometheus_text(state));
  EXPECT_FALSE(samples.contains("shardwright_test_auc"));
  EXPECT_EQ(samples.at("shardwright_test_log_loss"), 0.5);

  state.test->auc = 0.75;
  EXPECT_EQ(samples_of(prometheus_text(state)).at("shardwright_test_auc"), 0.75);

  state.latest = {};
  samples = samples_of(prometheus_text(state));
  EXPECT_FALSE(samples.contains("shardwright_loss"));
  EXPECT_EQ(samples.at("shardwright_ranks"), 2);
}

}  // namespace
}  // namespace shardwright
