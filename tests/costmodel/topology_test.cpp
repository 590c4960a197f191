#include "costmodel/topology.hpp"

#include "costmodel/device.hpp"
#include "costmodel/errors.hpp"
#include "costmodel/json/write_file.hpp"
#include "costmodel/topology_json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

namespace shardwright {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;

template <class ErrorType>
std::string refusal(const std::string& text) {
  try {
    read_topology(text);
  } catch (const ErrorType& error) {
    return error.what();
  }
  ADD_FAILURE() << "not refused: " << text;
  return "";
}

Topology parse(const std::string& text) {
  const json document = json::parse(text);
  return topology_from_json(JsonView(document, "t.json"));
}

TEST(Topology, ReadsRanksDeviceAndMemory) {
  const Topology topology = read_topology("4xcpu-16GiB");
  ASSERT_EQ(topology.size(), 4);
  EXPECT_EQ(topology.rank(RankId(3)).device, "cpu");
  EXPECT_EQ(topology.rank(RankId(3)).memory.value(), 16LL << 30);
  EXPECT_EQ(num_nodes(topology), 1);
}

TEST(Topology, ReadsNodesFirst) {
  const Topology topology = read_topology("2x8xA100-80GB");
  ASSERT_EQ(topology.size(), 16);
  EXPECT_EQ(num_nodes(topology), 2);
  EXPECT_EQ(topology.rank(RankId(7)).node, 0);
  EXPECT_EQ(topology.rank(RankId(8)).node, 1);
  EXPECT_EQ(topology.rank(RankId(0)).memory.value(), 80'000'000'000);
}

TEST(Topology, KnowsTheMemoryOfGpusThatComeInOneSize) {
  EXPECT_EQ(read_topology("8xh100").rank(RankId(0)).memory.value(), 80'000'000'000);
  EXPECT_EQ(read_topology("1xH200").rank(RankId(0)).memory.value(), 141'000'000'000);
  EXPECT_EQ(read_topology("1xB200-100GB").rank(RankId(0)).memory.value(), 100'000'000'000);
  EXPECT_THAT(refusal<UsageError>("4xcpu"), HasSubstr("how much memory each cpu has"));
  EXPECT_THAT(refusal<UsageError>("4xA100"), HasSubstr("how much memory each A100 has"));
}

TEST(Topology, TellsTheSmallA100FromTheLarge) {
  const auto bandwidth = [](const std::string& text) {
    return find_device(read_topology(text).rank(RankId(0)).device)
        .memory_bandwidth_bytes_per_second;
  };
  EXPECT_EQ(bandwidth("1xA100-40GB"), 1555e9);
  EXPECT_EQ(bandwidth("1xA100-80GB"), 2039e9);
}

TEST(Topology, RefusesOtherFormsSayingWhichAreRead) {
  for (const std::string text :
       {"", "cpu", "4", "4x", "x4xcpu-1GB", "2x2x2xcpu-1GB", "-1xcpu-1GB", "0xcpu-1GB",
        "99999999999999999999xcpu-1GB", "1000000x1000000xH100", "4xcpu-0GB"}) {
    EXPECT_THAT(refusal<UsageError>(text), AllOf(HasSubstr("'" + text + "'"), HasSubstr("8xH100")));
  }
  EXPECT_THAT(refusal<UsageError>("4xcpu-16"), HasSubstr("'16' has no unit"));
  EXPECT_THAT(refusal<UsageError>("4xH100-"), HasSubstr("'' has no unit"));
}

TEST(Topology, RefusesWhatIsTooLongForAPathAsAnyOther) {
  EXPECT_THAT(refusal<UsageError>(std::string(5000, 'x')), HasSubstr("has not that form"));
}

TEST(Topology, SuggestsTheNearestDevice) {
  EXPECT_THAT(refusal<UsageError>("8xH10-80GB"), HasSubstr("did you mean 'H100'?"));
  EXPECT_THAT(refusal<UsageError>("8xTPU-80GB"), HasSubstr("Known are cpu"));
  EXPECT_THAT(refusal<UsageError>("8xH100-lots"), HasSubstr("'lots'"));
}

TEST(Topology, GivesBackTheJsonItWrote) {
  Topology topology = read_topology("2x2xH100-64GiB");
  topology.ranks[1].speed = 0.5;
  topology.ranks[1].memory_domain = 1;
  topology.inter = {12.5e9, 3e-6};
  topology.probe = {{24.8, 1.03, 7.2}};
  const json written = json::parse(topology_to_json(topology).dump());
  EXPECT_EQ(topology_from_json(JsonView(written, "t.json")), topology);
}

TEST(Topology, FillsInWhatJsonLeavesOut) {
  const Topology topology = parse(R"({"ranks": [{"device": "h100"}, {"memory_bytes": 1000}]})");
  EXPECT_EQ(topology.ranks[0].memory, find_device("H100").memory);
  EXPECT_EQ(topology.ranks[0].device, "H100");
  EXPECT_EQ(topology.ranks[1].device, "cpu");
  EXPECT_EQ(topology.ranks[1].speed, 1);
  // The slower device's link.
  EXPECT_EQ(topology.intra, find_device("cpu").intra);
}

TEST(Topology, NamesThePlaceOfEachFault) {
  const auto fault = [](const std::string& text) -> std::string {
    try {
      parse(text);
    } catch (const InputError& error) {
      return error.what();
    }
    ADD_FAILURE() << "not refused: " << text;
    return "";
  };
  EXPECT_THAT(fault(R"({"ranks": []})"), HasSubstr("at least one rank"));
  EXPECT_THAT(fault(R"({"links": {}})"), HasSubstr("\"ranks\""));
  EXPECT_THAT(fault(R"({"ranks": [{}]})"), HasSubstr("ranks[0] lacks the required member \"mem"));
  EXPECT_THAT(fault(R"({"ranks": [{"device": "H1000"}]})"), HasSubstr("t.json: ranks[0].device"));
  EXPECT_THAT(fault(R"({"ranks": [{"device": "H100", "speed": 0}]})"),
              HasSubstr("ranks[0].speed is 0"));
  EXPECT_THAT(fault(R"({"ranks": [{"memory_bytes": -1}]})"), HasSubstr("memory_bytes is -1"));
  EXPECT_THAT(fault(R"({"ranks": [{"memory": 1}]})"), HasSubstr("unknown member \"memory\""));
  EXPECT_THAT(
      fault(R"({"ranks": [{"device": "H100"}], "links": {"intra": {"latency_seconds": -1}}})"),
      HasSubstr("links.intra.latency_seconds is -1"));
  EXPECT_THAT(fault(R"({"ranks": [{"device": "H100"}], "probe": {"copy_gb_s": 24}})"),
              HasSubstr("probe lacks the required member \"gather_gb_s\""));
  EXPECT_THAT(fault(R"({"schema": "shardwright.plan/1", "ranks": []})"),
              HasSubstr("shardwright.topology/1"));
}

TEST(Topology, ReadsFilesAndInsistsOnTheirSchema) {
  const auto file = (std::filesystem::temp_directory_path() /
                     ("topology_test_" + std::to_string(::getpid()) + ".json"))
                        .string();
  json document = topology_to_json(read_topology("3xL40S"));
  write_file(file, document.dump());
  EXPECT_THAT(refusal<InputError>(file), HasSubstr("no \"schema\""));
  document["schema"] = "shardwright.topology/1";
  write_file(file, document.dump());
  EXPECT_EQ(read_topology(file), read_topology("3xL40S"));
  std::filesystem::remove(file);
  EXPECT_THAT(refusal<InputError>(file), HasSubstr("cannot be read"));
}

TEST(DescribeTopology, PrintsEveryDefaultAndItsSource) {
  const std::string text = describe_topology(read_topology("2x8xH100-80GB"));
  EXPECT_THAT(text, AllOf(HasSubstr("16 ranks on 2 nodes"), HasSubstr("74.5 GiB of memory each"),
                          HasSubstr("3350 GB/s of memory bandwidth"), HasSubstr("datasheet"),
                          HasSubstr("within a node 450 GB/s"), HasSubstr("(default)")));
}

TEST(DescribeTopology, CallsNothingDefaultThatWasGiven) {
  Topology topology = read_topology("4xcpu-16GiB");
  topology.intra.latency_seconds *= 2;
  topology.inter.bandwidth_bytes_per_second *= 2;
  const std::string text = describe_topology(topology);
  EXPECT_THAT(text, Not(HasSubstr("(default)")));
  EXPECT_THAT(text, Not(HasSubstr("whole memory")));
}

TEST(Devices, HaveSourcedPositiveFigures) {
  for (const Device& device : known_devices()) {
    EXPECT_GT(device.memory_bandwidth_bytes_per_second, 0) << device.name;
    EXPECT_GT(device.gather_efficiency, 0) << device.name;
    EXPECT_LE(device.gather_efficiency, 1) << device.name;
    EXPECT_GT(device.intra.bandwidth_bytes_per_second, device.inter.bandwidth_bytes_per_second);
    EXPECT_FALSE(device.source.empty()) << device.name;
  }
}

TEST(Device, IsFoundInTheNameOfHardware) {
  EXPECT_EQ(device_of_hardware("NVIDIA H200"), "H200");
  EXPECT_EQ(device_of_hardware("NVIDIA A100-SXM4-80GB"), "A100");
  EXPECT_EQ(device_of_hardware("AMD EPYC 9B14"), "cpu");
  EXPECT_EQ(device_of_hardware("XH200"), "cpu");
  EXPECT_EQ(device_of_hardware("H2000"), "cpu");
}

}  // namespace
}  // namespace shardwright
