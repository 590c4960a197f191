#include "costmodel/default_models.hpp"

#include "costmodel/compute/shipped_compute_models.hpp"
#include "costmodel/cost_model.hpp"
#include "costmodel/device.hpp"
#include "costmodel/neural/pretrained.hpp"
#include "costmodel/outside_training.hpp"
#include "tests/costmodel/sample_plans.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shardwright {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(DefaultModels, ComputeModelsAreOfTheirDevice) {
  for (const DefaultModel& entry : default_compute_models()) {
    EXPECT_EQ(find_device(entry.device).name, entry.device);
    EXPECT_EQ(load_shipped_compute_model(entry.model).device, entry.device);
  }
}

TEST(DefaultModels, CommunicationModelsAreOfTheLinkOfTheirDevice) {
  for (const DefaultModel& entry : default_comm_models()) {
    const CommModel model = load_pretrained(entry.model);
    ASSERT_EQ(model.training.settings.size(), 1U) << entry.model;
    const auto measured = device_of_hardware(model.training.settings.begin()->first.hardware);
    EXPECT_EQ(find_device(entry.device).intra, find_device(measured).intra) << entry.device;
  }
}

TEST(DefaultModels, AreChosenByDevice) {
  EXPECT_EQ(default_cost_model(read_topology("4xcpu-1GiB")),
            "cpu-epyc9004-compute,cpu-epyc9004-mpi");
  EXPECT_EQ(default_cost_model(read_topology("8xH100-80GB")), "nccl-h100");
  EXPECT_EQ(default_cost_model(read_topology("8xH200")), "h200-compute,nccl-h100");
  EXPECT_EQ(default_cost_model(read_topology("8xB300")), "nccl-b300");
  EXPECT_EQ(default_cost_model(read_topology("4xGB200")), "nccl-gb200");
  EXPECT_EQ(default_cost_model(read_topology("8xV100-32GB")), "analytic");
  Topology mixed = read_topology("2xH200");
  mixed.ranks[1].device = "H100";
  EXPECT_EQ(default_cost_model(mixed), "analytic");
}

TEST(DefaultModels, PriceNoLinkAndNoNumberOfRanksThatWereNotMeasured) {
  EXPECT_EQ(default_cost_model(read_topology("2x8xH200")), "h200-compute");
  EXPECT_EQ(default_cost_model(read_topology("16xA100-80GB")), "analytic");
  EXPECT_EQ(default_cost_model(read_topology("1xA100-80GB")), "analytic");
  EXPECT_EQ(default_cost_model(read_topology("9xcpu-1GiB")), "cpu-epyc9004-compute");
  EXPECT_EQ(default_cost_model(read_topology("2x2xcpu-1GiB")), "cpu-epyc9004-compute");
  Topology other_link = read_topology("8xA100-80GB");
  other_link.intra.bandwidth_bytes_per_second /= 2;
  EXPECT_EQ(default_cost_model(other_link), "analytic");
}

TEST(DefaultModels, PriceAPartOfAllTopologiesOrOfNone) {
  EXPECT_THAT(default_cost_models({read_topology("8xH200"), read_topology("2x8xH200")}),
              ElementsAre("h200-compute", "h200-compute"));
  EXPECT_THAT(default_cost_models({read_topology("8xH200"), read_topology("8xA100-80GB")}),
              ElementsAre("nccl-h100", "nccl-a100"));
  EXPECT_THAT(default_cost_models({read_topology("8xA100-80GB"), read_topology("8xV100-32GB")}),
              ElementsAre("analytic", "analytic"));
}

// Every device, on one node and on two, has a default that prices plans.
TEST(DefaultModels, PriceWhatTheyAreChosenFor) {
  Workload workload;
  workload.batch_size = 1024;
  workload.tables = {testing::sample_table(10'000, 16, 2)};
  for (const Device& device : known_devices()) {
    for (const char* shape : {"1x1", "1x8", "2x4"}) {
      const Topology topology = read_topology(fmt::format("{}x{}-8GB", shape, device.name));
      const auto model = make_cost_model(default_cost_model(topology));
      const std::vector<Shard> shards = {testing::whole(workload.tables[0], 0, RankId(0))};
      EXPECT_GT(model->price(workload, topology, shards)[0].compute_forward_ms, 0) << device.name;
    }
  }
}

TEST(OutsideTraining, SaysInOneSentenceWhatIsGuessed) {
  Workload workload;
  workload.batch_size = 1024;
  workload.tables = {testing::sample_table(10'000, 16, 2), testing::sample_table(10'000, 16, 3)};
  FittedParts parts{load_shipped_compute_model("cpu-epyc9004-compute"),
                    load_pretrained("nccl-l40s")};
  EXPECT_THAT(outside_training(parts, workload, read_topology("2xcpu-1GiB")), IsEmpty());
  workload.tables[1].rows = 1'000'000'000;
  workload.batch_size = 10;
  const std::string beyond = outside_training(parts, workload, read_topology("16xcpu-1TB"));
  EXPECT_THAT(beyond, AllOf(HasSubstr("1 of 2 tables by their rows"), HasSubstr("10 samples"),
                            HasSubstr("16 ranks (fitted to 2 to 8)"), Not(HasSubstr("pooling")),
                            Not(HasSubstr("\n"))));
  workload.tables[0].optimizer = OptimizerKind::adam;
  workload.tables[1].dtype = DataType::bf16;
  EXPECT_THAT(outside_training(parts, workload, read_topology("2xcpu-1TB")),
              AllOf(HasSubstr("1 of 2 tables by their optimizer adam (fitted to adagrad"),
                    HasSubstr("1 of 2 tables by their weights in bf16 (fitted to fp32)")));
  workload.tables.assign(80, workload.tables[0]);
  EXPECT_THAT(outside_training(parts, workload, read_topology("2xcpu-1TB")),
              HasSubstr("40 tables a rank (fitted to 1 to 30)"));
}

}  // namespace
}  // namespace shardwright
