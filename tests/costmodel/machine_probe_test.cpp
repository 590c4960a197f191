#include "costmodel/machine_probe.hpp"

#include "costmodel/errors.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace shardwright {
namespace {

TEST(MachineProbe, IsReadAsItIsPrinted) {
  const MachineProbe probe{{24.8, 1.03, 7.2}};
  EXPECT_EQ(to_string(probe), "24.8/1.03/7.2");
  EXPECT_EQ(parse_probe("24.8/1.03/7.2"), probe);
}

TEST(MachineProbe, OfAnotherFormIsRefused) {
  for (const char* text : {"", "1/2", "1/2/3/4", "1,2,3", "1/2/x", "1/-2/3", "1/0/3", "1/2/nan"}) {
    EXPECT_THROW(parse_probe(text), UsageError) << text;
  }
}

TEST(MeanProbe, IsRateByRateAndUnknownWhereOneIs) {
  const std::vector<MachineProbe> probes = {{{1, 9, 5}}, {{3, 7, 6}}, {}};
  EXPECT_EQ(mean_probe(std::span(probes).first(2)), (MachineProbe{{2, 8, 5.5}}));
  EXPECT_FALSE(mean_probe(probes).known());
}

TEST(MedianProbe, IsRateByRateThatOfTheKnownOnes) {
  const std::vector<MachineProbe> probes = {{{1, 9, 5}}, {}, {{3, 7, 4}}, {{2, 8, 6}}};
  EXPECT_EQ(median_probe(probes), (MachineProbe{{2, 8, 5}}));
  EXPECT_FALSE(median_probe({}).known());
}

TEST(RelativeSpeeds, AreLogarithmsAndNothingWhereEitherIsUnknown) {
  const MachineProbe fast{{4, 6, 8}};
  const MachineProbe slow{{2, 6, 16}};
  const Speeds speeds = relative_speeds(fast, slow);
  EXPECT_DOUBLE_EQ(speeds[0], std::log(2));
  EXPECT_DOUBLE_EQ(speeds[1], 0);
  EXPECT_DOUBLE_EQ(speeds[2], std::log(0.5));
  EXPECT_EQ(relative_speeds(fast, {}), Speeds{});
  EXPECT_EQ(relative_speeds({}, slow), Speeds{});
}

}  // namespace
}  // namespace shardwright
