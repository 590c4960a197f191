#include "planner/spec/read_ahead_json.hpp"

#include "planner/spec/reserve.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace shardwright {
namespace {

constexpr std::int64_t kDefaultBatches = 2;
constexpr std::int64_t kMostBatches = 1024;
constexpr double kMostBytes = 0x1p61;

bool flag(const JsonView& config, const char* key) {
  const auto found = config.find(key);
  return found && found->boolean();
}

Bytes times(Bytes bytes, std::int64_t count) {
  const double product = static_cast<double>(bytes.value()) * static_cast<double>(count);
  return product < kMostBytes ? Bytes(bytes.value() * count)
                              : Bytes(static_cast<std::int64_t>(kMostBytes));
}

}  // namespace

Bytes bytes_of_batch(const Workload& workload, std::int64_t num_dense, std::int64_t samples,
                     bool shuffled) {
  constexpr double kIdBytes = 8;
  constexpr double kNumberBytes = 8;
  constexpr double kFloatBytes = 4;  // of weights, dense features and labels; as of lengths
  double of_sample = kFloatBytes * (1 + static_cast<double>(num_dense));
  if (shuffled) of_sample += kNumberBytes;
  for (const Table& table : workload.tables) {
    of_sample += table.pooling * (kIdBytes + (table.weighted ? kFloatBytes : 0));
    of_sample += kFloatBytes * static_cast<double>(table.features.size());
  }
  const double bytes = std::ceil(of_sample * static_cast<double>(samples));
  return Bytes(static_cast<std::int64_t>(std::min(bytes, kMostBytes)));
}

std::string reserve_read_ahead(const JsonView& config, const Workload& workload,
                               std::int64_t num_dense, Topology& topology) {
  const auto asked = config.find("read_ahead");
  const std::int64_t batches = asked ? asked->integer(0, kMostBatches) : kDefaultBatches;
  const std::int64_t samples = (workload.batch_size + topology.size() - 1) / topology.size();
  const Bytes of_batch = bytes_of_batch(workload, num_dense, samples, flag(config, "shuffle"));
  const Bytes bytes = times(of_batch, 2 * batches);
  reserve_on_every_rank("What is read ahead", bytes, topology);
  return fmt::format(
      "Read ahead: {} batches to train on and as many to test on take {} of every rank, which are "
      "reserved.",
      batches, format_bytes(bytes));
}

bool overlaps(const JsonView& config) { return flag(config, "overlap"); }

}  // namespace shardwright
