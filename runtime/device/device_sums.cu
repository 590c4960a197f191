#include "runtime/device/cuda_check.cuh"
#include "runtime/device/device_sums.hpp"
#include "runtime/device/grid.cuh"

#include <cstdint>
#include <vector>

namespace shardwright {
namespace {

__global__ void add_in_rank_order(const float* gathered, std::int64_t ranks, std::int64_t count,
                                  float* sums) {
  for (std::int64_t i = first_index(); i < count; i += index_step()) {
    float sum = gathered[i];
    for (std::int64_t r = 1; r < ranks; ++r) sum += gathered[r * count + i];
    sums[i] = sum;
  }
}

__global__ void scale(const float* from, float factor, std::int64_t count, float* values) {
  for (std::int64_t i = first_index(); i < count; i += index_step()) {
    values[i] = factor * from[i];
  }
}

/// The part of `values` that a rank adds up.
std::span<float> slice(std::span<float> values, std::size_t rank, std::size_t ranks) {
  const std::size_t size = values.size() / ranks;
  const std::size_t longer = values.size() % ranks;  // the first ranks have one value more
  const std::size_t begin = rank * size + std::min(rank, longer);
  return values.subspan(begin, size + (rank < longer ? 1 : 0));
}

}  // namespace

DeviceAllReduce::DeviceAllReduce(DeviceCommunicator& comm)
    : comm_(comm),
      gathered_(comm.stream(), "gradients of the dense part"),
      sums_(comm.stream(), "gradients of the dense part") {}

void DeviceAllReduce::run(std::span<float> values) {
  const auto ranks = static_cast<std::size_t>(comm_.size());
  if (ranks == 1) return;
  const std::size_t own = slice(values, comm_.rank().index(), ranks).size();
  gathered_.resize(own * ranks);
  sums_.resize(own);
  std::vector<Communicator::SendBlock> slices;
  std::vector<Communicator::ReceiveBlock> gathered;
  std::vector<Communicator::ReceiveBlock> results;
  for (std::size_t r = 0; r < ranks; ++r) {
    slices.push_back(std::as_bytes(slice(values, r, ranks)));
    gathered.push_back(std::as_writable_bytes(std::span(gathered_.data() + r * own, own)));
    results.push_back(std::as_writable_bytes(slice(values, r, ranks)));
  }
  comm_.all_to_all("dense gradients", slices, gathered);
  if (own > 0) {
    add_in_rank_order<<<full_grid(), kThreads, 0, comm_.stream()>>>(
        gathered_.data(), static_cast<std::int64_t>(ranks), static_cast<std::int64_t>(own),
        sums_.data());
    check_launch("add up gradients");
  }
  const auto sums = std::as_bytes(std::span<const float>(sums_.data(), own));
  comm_.all_to_all("sums of dense gradients", std::vector<Communicator::SendBlock>(ranks, sums),
                   results);
}

void scale_values(const float* from, float factor, std::size_t count, float* values,
                  DeviceStream stream) {
  if (count == 0) return;
  scale<<<full_grid(), kThreads, 0, stream>>>(from, factor, static_cast<std::int64_t>(count),
                                              values);
  check_launch("scale gradients");
}

}  // namespace shardwright
