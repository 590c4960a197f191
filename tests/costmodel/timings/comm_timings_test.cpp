#include "costmodel/timings/comm_timings.hpp"

#include "costmodel/errors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shardwright {
namespace {

using testing::HasSubstr;

constexpr const char* kHead =
    "# shardwright.timings/1\n"
    "# kind: comm\n"
    "# command: by hand\n"
    "hardware,link,library,operation,ranks,nodes,bytes,element_bytes,time_us,repeat\n";

std::string message_of(const std::string& text, const ImportSettings& settings = {}) {
  try {
    parse_comm_timings(text, "t.csv", settings);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(CommTimings, AreReadWithTheirSettingAndCall) {
  const CommTimings timings = parse_comm_timings(
      std::string(kHead) + "H100,\"NVLink4, PCIe\",NCCL 2.27.3,all_to_all,8,2,4096,2,12.5,3\n",
      "t");

  ASSERT_EQ(timings.rows.size(), 1U);
  const CommTiming expected = {{"H100", "NVLink4, PCIe", "NCCL 2.27.3"},
                               {CollectiveKind::all_to_all, 8, 2, 4096, 2},
                               12.5,
                               3};
  EXPECT_EQ(timings.rows[0], expected);
  EXPECT_EQ(timings.metadata.at("command"), "by hand");
}

TEST(CommTimings, ComeBackAsWritten) {
  CommTimings timings;
  timings.metadata["source"] = "a test";
  timings.rows = {
      {{"a \"b\"", "c,d", "e"}, {CollectiveKind::all_reduce, 4, 1, 1 << 20, 1}, 0.1, 1},
      {{"x", "", "y"}, {CollectiveKind::all_gather, 2, 1, 3, 4}, 1e6, 2, {{20, 4.5, 7}}},
      {{"x", "", "y"}, {CollectiveKind::all_to_all, 2, 1, 3, 4, 2.5, 7.25}, 1, 1}};

  const CommTimings again = parse_comm_timings(comm_timings_to_csv(timings), "t");

  EXPECT_EQ(again.rows, timings.rows);
  EXPECT_EQ(again.metadata.at("source"), "a test");
}

TEST(CommTimings, HaveAllRatesOfAProbeOrNone) {
  const std::string head =
      "# shardwright.timings/1\n"
      "hardware,library,operation,ranks,bytes,time_us,probe_copy_gb_s,probe_gather_gb_s,"
      "probe_fma_gflop_s\n"
      "h,l,all_to_all,2,300,5,";
  EXPECT_EQ(parse_comm_timings(head + "20,4,7\n", "t.csv").rows.at(0).probe,
            (MachineProbe{{20, 4, 7}}));
  EXPECT_FALSE(parse_comm_timings(head + ",,\n", "t.csv").rows.at(0).probe.known());
  EXPECT_THAT(message_of(head + "20,,7\n"), HasSubstr("probe_gather_gb_s"));
  EXPECT_THAT(message_of(head + "20,4,-7\n"), HasSubstr("probe_fma_gflop_s"));
}

TEST(CommTimings, OfUnevenSizesHaveTheirMeanAndTheirWait) {
  const std::string head =
      "# shardwright.timings/1\n"
      "hardware,library,operation,ranks,bytes,time_us,mean_bytes,wait_us,rank\n";
  const CommTimings timings = parse_comm_timings(head +
                                                     "h,l,all_to_all,2,300,5,200,1.5,0\n"
                                                     "h,l,all_to_all,2,200,5,200,,1\n"
                                                     "h,l,all_to_all,2,200,5,,,\n",
                                                 "t.csv");
  ASSERT_EQ(timings.rows.size(), 3U);
  EXPECT_EQ(timings.rows[0].call.mean_bytes, 200);
  EXPECT_EQ(timings.rows[0].call.wait_us, 1.5);
  EXPECT_DOUBLE_EQ(evenness(timings.rows[0].call), 200.0 / 300);
  EXPECT_EQ(timings.rows[1].call, timings.rows[2].call);  // no more than the mean
  EXPECT_EQ(evenness(timings.rows[2].call), 1);
  EXPECT_THAT(message_of(head + "h,l,all_to_all,2,300,5,301,0,0\n"),
              HasSubstr("t.csv: line 3: mean_bytes is '301'"));
  EXPECT_THAT(message_of(head + "h,l,all_to_all,2,300,5,0,0,0\n"), HasSubstr("mean_bytes"));
  EXPECT_THAT(message_of(head + "h,l,all_to_all,2,300,5,200,-1,0\n"), HasSubstr("wait_us is '-1'"));
  EXPECT_THAT(message_of(head + "h,l,all_to_all,2,300,5,200,nan,0\n"), HasSubstr("wait_us"));
}

TEST(CommTimings, ThatAreNoPositiveNumberAreLeftOutAndCounted) {
  const CommTimings timings = parse_comm_timings(
      std::string(kHead) + "h,,l,all_reduce,2,1,64,2,0,1\n" + "h,,l,all_reduce,2,1,64,2,-3,1\n" +
          "h,,l,all_reduce,2,1,64,2,nan,1\n" + "h,,l,all_reduce,2,1,64,2,inf,1\n" +
          "h,,l,all_reduce,2,1,64,2,1e100,1\n" + "h,,l,all_reduce,2,1,64,2,7,1\n",
      "t.csv");

  EXPECT_EQ(timings.rows.size(), 1U);
  ASSERT_EQ(timings.dropped.size(), 1U);
  EXPECT_EQ(timings.dropped[0].count, 5U);
  EXPECT_EQ(timings.dropped[0].first_line, 5U);
  EXPECT_THAT(describe_drops(timings, "t.csv").front(), HasSubstr("t.csv: 5 rows were left out"));
}

/// Also where all cells are there: the last one may have lost digits.
TEST(CommTimings, OfALastLineCutOffAreLeftOutAndCounted) {
  for (const char* rest : {"h,,l,all_reduce,2,1,12", "h,,l,all_reduce,2,1,64,2,83"}) {
    const CommTimings timings =
        parse_comm_timings(std::string(kHead) + "h,,l,all_reduce,2,1,64,2,7,1\n" + rest, "t");
    EXPECT_EQ(timings.rows.size(), 1U);
    ASSERT_EQ(timings.dropped.size(), 1U);
    EXPECT_EQ(timings.dropped[0].reason, "a line that is cut off");
  }
}

TEST(CommTimings, AreOfNoOtherOperationThanTheySay) {
  ImportSettings settings;
  settings.operation = CollectiveKind::all_gather;
  const std::string text = std::string(kHead) + "h,,l,all_reduce,2,1,64,2,7,1\n";
  EXPECT_THROW(parse_comm_timings(text, "t", settings), InputError);
  settings.operation = CollectiveKind::all_reduce;
  EXPECT_EQ(parse_comm_timings(text, "t", settings).rows.size(), 1U);
}

TEST(CommTimings, OfAnotherSchemaAreRefusedByItsName) {
  EXPECT_THAT(message_of("# shardwright.timings/9\nx\n"), HasSubstr("shardwright.timings/9"));
  EXPECT_THAT(message_of("a,b\n1,2\n"), HasSubstr("of no known format"));
  EXPECT_THAT(message_of("# shardwright.timings/1\n# kind: compute\na\n1\n"),
              HasSubstr("of kind 'compute'"));
  EXPECT_THAT(message_of(""), HasSubstr("of no known format"));
}

TEST(CommTimings, NameTheLineOfWhatIsWrong) {
  const std::string head = kHead;
  EXPECT_THAT(message_of(head + "h,,l,all_reduce,2,1,sixty,2,7,1\n"),
              HasSubstr("t.csv: line 5: bytes is 'sixty', expected a number"));
  EXPECT_THAT(message_of(head + "h,,l,all_reduce,1,1,64,2,7,1\n"), HasSubstr("ranks is '1'"));
  EXPECT_THAT(message_of(head + "h,,l,broadcast,2,1,64,2,7,1\n"), HasSubstr("'broadcast'"));
  EXPECT_THAT(message_of(head + "h,,l,all_reduce,2\nh,,l,all_reduce,2,1,64,2,7,1\n"),
              HasSubstr("line 5 has 5 cells, the header has 10"));
  EXPECT_THAT(message_of(head + "h,,l,all_reduce,2,1,64,2,0,1\n"),
              HasSubstr("there is no usable row. t.csv: 1 row was left out"));
}

TEST(CommTimings, WithTheColumnsOfNcclTestsAreTranslated) {
  const CommTimings timings = parse_comm_timings(
      "size_bytes,n_gpus,n_nodes,hardware,op,dtype,time_us,lib,lib_version,repeat\n"
      "512,2,1,A100,alltoall,half,8.98,NCCL,2.27.3,2\n"
      "512,2,1,A100,sendrecv,half,8.98,NCCL,2.27.3,1\n"
      "512,,1,A100,alltoall,half,8.98,NCCL,2.27.3,1\n",
      "t");

  const CommTiming expected = {
      {"A100", "", "NCCL 2.27.3"}, {CollectiveKind::all_to_all, 2, 1, 512, 2}, 8.98, 2};
  ASSERT_EQ(timings.rows.size(), 1U);
  EXPECT_EQ(timings.rows[0], expected);
  EXPECT_EQ(timings.dropped.size(), 2U);
}

constexpr const char* kTable =
    "# nThread 1 nGpus 2 minBytes 8 maxBytes 1024\n"
    "# Using devices\n"
    "#  Rank  0 Group  0 Pid   11 on  host-a device  0 [0000:04:00] NVIDIA H100 80GB HBM3\n"
    "#  Rank  1 Group  0 Pid   12 on  host-b device  0 [0000:05:00] NVIDIA H100 80GB HBM3\n"
    "#                                                     out-of-place              in-place\n"
    "#       size    count   type  redop  root    time  algbw  busbw #wrong    time  algbw\n"
    "#        (B) (elements)                       (us) (GB/s) (GB/s)           (us) (GB/s)\n"
    "           0        0  float    sum    -1    5.00   0.00   0.00      0    5.00   0.00\n"
    "        1024      256  float    sum    -1   20.50   0.05   0.05    N/A   19.25   0.05\n"
    "        2048      512  float    sum\n";

TEST(NcclTestsTable, GivesOutOfPlaceTimesOfTheListedRanks) {
  ImportSettings settings;
  settings.operation = CollectiveKind::all_reduce;

  const CommTimings timings = parse_comm_timings(kTable, "t", settings);

  const CommTiming expected = {
      {"NVIDIA H100 80GB HBM3", "", ""}, {CollectiveKind::all_reduce, 2, 2, 1024, 4}, 20.5, 1};
  ASSERT_EQ(timings.rows.size(), 1U);
  EXPECT_EQ(timings.rows[0], expected);
  EXPECT_EQ(timings.dropped.size(), 2U);
}

TEST(NcclTestsTable, TakesTheOperationFromNewerHeads) {
  const std::string head =
      "# nccl-tests version 2.17 nccl-headers=22703 nccl-library=22703\n"
      "# Collective test starting: alltoall_perf\n";

  const CommTimings timings = parse_comm_timings(head + kTable, "t");

  EXPECT_EQ(timings.rows[0].call.operation, CollectiveKind::all_to_all);
  EXPECT_EQ(timings.rows[0].setting.library, "NCCL 2.27.3");
}

TEST(NcclTestsTable, TakesNoVersionFromMoreDigitsThanOneHas) {
  const std::string head =
      "# nccl-tests version 2.17 nccl-library=99999999999999999999\n"
      "# Collective test starting: alltoall_perf\n";

  EXPECT_EQ(parse_comm_timings(head + kTable, "t").rows[0].setting.library, "NCCL 0.0.0");
}

TEST(CommTimings, AreRefusedInTextThatNoModelCouldHold) {
  EXPECT_THAT(message_of("# shardwright.timings/1\n# kind: comm\n"
                         "hardware,library,operation,ranks,bytes,time_us\n"
                         "gpu\xff,lib,all_to_all,2,8,1\n"),
              HasSubstr("not UTF-8"));
}

TEST(NcclTestsTable, LeavesOutLinesThatEndBeforeTheirType) {
  const std::string table = kTable;
  const std::string far = "# size count redop root time algbw busbw x x x x x type\n";
  const CommTimings timings = parse_comm_timings(
      "# Collective test starting: all_reduce_perf\n" + table + far + "1024 256 sum -1 20 1 1\n",
      "t");

  EXPECT_EQ(timings.rows.size(), 1U);
  ASSERT_FALSE(timings.dropped.empty());
  EXPECT_EQ(timings.dropped.back().reason, "an unknown element type");
}

TEST(NcclTestsTable, WithoutAnOperationAsksForIt) {
  EXPECT_THAT(message_of(kTable), HasSubstr("--operation"));
}

TEST(NcclTestsJson, IsReadAsItsTableWouldBe) {
  const CommTimings timings = parse_comm_timings(
      R"({"version": 1, "args": ["./build/all_gather_perf", "-g", "4"], "nccl_version": 22902,
          "config": {"nthreads": 1, "ngpus": 4, "devices":
            [{"hostname": "a", "device_info": "NVIDIA B200"}]},
          "results": [
            {"size": 4096, "type": "half", "out_of_place": {"time": 9.5}, "in_place": {"time": 8}},
            {"size": 8192, "type": "half", "out_of_place": {"time": "nan"}},
            {"size": 8192, "type": "half", "out_of_place": null}]})",
      "t");

  const CommTiming expected = {
      {"NVIDIA B200", "", "NCCL 2.29.2"}, {CollectiveKind::all_gather, 4, 1, 4096, 2}, 9.5, 1};
  ASSERT_EQ(timings.rows.size(), 1U);
  EXPECT_EQ(timings.rows[0], expected);
  EXPECT_EQ(timings.dropped[0].count, 2U);
}

}  // namespace
}  // namespace shardwright
