#include "runtime/metrics/event_encoding.hpp"

#include "runtime/metrics/crc32c.hpp"
#include "tests/runtime/metrics/read_events.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <string>
#include <vector>

namespace shardwright {
namespace {

using testing::ElementsAre;

TEST(Crc32c, GivesTheValuesOfRfc3720) {
  std::string rising(32, '\0');
  std::iota(rising.begin(), rising.end(), '\0');

  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aaU);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43U);
  EXPECT_EQ(crc32c(rising), 0x46dd794eU);
  EXPECT_EQ(crc32c("123456789"), 0xe3069283U);
}

TEST(EventEncoding, IsReadBackByFieldNumbers) {
  const std::vector<Scalar> scalars = {{"train/loss", 0.625}, {"phase_ms_mean/lookup", -3.5}};
  const std::string file = framed_record(version_event(17.25)) +
                           framed_record(scalars_event(18.5, 300, scalars)) +
                           framed_record(scalars_event(19, std::int64_t{1} << 40, {}));

  const std::vector<ReadEvent> events = read_event_records(file);

  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0].file_version, "brain.Event:2");
  EXPECT_EQ(events[0].wall_time, 17.25);
  EXPECT_EQ(events[1].wall_time, 18.5);
  EXPECT_EQ(events[1].step, 300);
  EXPECT_THAT(events[1].scalars, ElementsAre(testing::Pair("phase_ms_mean/lookup", -3.5F),
                                             testing::Pair("train/loss", 0.625F)));
  EXPECT_EQ(events[2].step, std::int64_t{1} << 40);
  EXPECT_TRUE(events[2].scalars.empty());
}

TEST(EventEncoding, ShowsDamageInItsChecksums) {
  std::string record = framed_record(version_event(1));
  record[20] = static_cast<char>(record[20] ^ 1);

  EXPECT_THROW(read_event_records(record), std::runtime_error);
}

}  // namespace
}  // namespace shardwright
