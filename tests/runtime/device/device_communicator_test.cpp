#include "runtime/device/device_communicator.hpp"

#include "runtime/comm/collectives.hpp"
#include "runtime/comm/mpi_communicator.hpp"
#include "runtime/device/cuda.hpp"
#include "runtime/device/device_memory.hpp"
#include "runtime/device/device_sums.hpp"
#include "runtime/device/rank_gpu.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <vector>

namespace shardwright {
namespace {

class DeviceCommunicatorTest : public testing::Test {
 protected:
  static bool has_device() { return report_cuda().devices > 0; }
  void SetUp() override {
    if (!has_device()) GTEST_SKIP() << "skipped: no CUDA device";
    take_gpu(*host_, true);
    stream_ = std::make_unique<OwnedStream>();
    comm_ = std::make_unique<DeviceCommunicator>(*host_, stream_->get(), /*shared_gpu=*/true);
  }

  DeviceArray<float> uploaded(const std::vector<float>& values) {
    DeviceArray<float> array(stream_->get(), "the test's values");
    array.resize(values.size());
    copy_to_device(array.data(), values.data(), values.size() * sizeof(float), stream_->get());
    wait_for(stream_->get());
    return array;
  }

  std::vector<float> downloaded(const DeviceArray<float>& array) {
    std::vector<float> values(array.size());
    copy_to_host(values.data(), array.data(), values.size() * sizeof(float), stream_->get());
    wait_for(stream_->get());
    return values;
  }

  std::unique_ptr<Communicator> host_ = make_mpi_communicator();
  std::unique_ptr<OwnedStream> stream_;
  std::unique_ptr<DeviceCommunicator> comm_;
};

/// How many values rank `from` sends rank `to`; some blocks are empty.
std::size_t block_size(std::int64_t from, std::int64_t to) {
  return static_cast<std::size_t>((from * 7 + to * 3) % 5) * 1000;
}

float block_value(std::int64_t from, std::int64_t to) {
  return static_cast<float>(100 * from + to + 1);
}

TEST_F(DeviceCommunicatorTest, DeliversBlocksOfAnySize) {
  const std::int64_t self = comm_->rank().value();
  std::vector<float> sent;
  std::vector<float> expected;
  for (std::int64_t r = 0; r < comm_->size(); ++r) {
    sent.insert(sent.end(), block_size(self, r), block_value(self, r));
    expected.insert(expected.end(), block_size(r, self), block_value(r, self));
  }
  const DeviceArray<float> from = uploaded(sent);
  const DeviceArray<float> to = uploaded(std::vector<float>(expected.size()));
  std::vector<Communicator::SendBlock> send;
  std::vector<Communicator::ReceiveBlock> receive;
  std::size_t sent_before = 0;
  std::size_t received_before = 0;
  for (std::int64_t r = 0; r < comm_->size(); ++r) {
    send.push_back(
        std::as_bytes(std::span<const float>(from.data() + sent_before, block_size(self, r))));
    receive.push_back(
        std::as_writable_bytes(std::span(to.data() + received_before, block_size(r, self))));
    sent_before += block_size(self, r);
    received_before += block_size(r, self);
  }
  for (int time = 0; time < 3; ++time) comm_->all_to_all("the test's blocks", send, receive);
  comm_->wait();
  EXPECT_EQ(downloaded(to), expected);
  const auto to_self = static_cast<std::int64_t>(send[comm_->rank().index()].size());
  EXPECT_EQ(comm_->traffic().bytes_sent,
            3 * (static_cast<std::int64_t>(sent.size() * sizeof(float)) - to_self));
}

TEST_F(DeviceCommunicatorTest, AddsInRankOrder) {
  DeviceAllReduce all_reduce(*comm_);
  for (const std::size_t size : {std::size_t{1}, std::size_t{2}, std::size_t{1000}}) {
    std::vector<float> values;
    for (std::size_t i = 0; i < size; ++i) {
      values.push_back(1.0F /
                       static_cast<float>(3 * comm_->rank().value() + 1 + std::ssize(values)));
    }
    const DeviceArray<float> array = uploaded(values);
    all_reduce.run({array.data(), array.size()});
    comm_->wait();
    ordered_all_reduce(*host_, std::span(values));
    EXPECT_EQ(downloaded(array), values);
  }
}

}  // namespace
}  // namespace shardwright
