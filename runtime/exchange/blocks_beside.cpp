#include "runtime/exchange/blocks_beside.hpp"

#include <atomic>
#include <bit>
#include <cstdint>
#include <utility>

namespace shardwright {
namespace {

struct BlockPlace {
  SharedPlace matrix;
  std::int64_t begin = 0;
};
static_assert(sizeof(BlockPlace) == sizeof(BlocksBeside::Notice));

}  // namespace

BlocksBeside::BlocksBeside(std::vector<bool> beside, const SharedFloats& matrix)
    : beside_(std::move(beside)),
      matrix_(matrix),
      sent_(beside_.size()),
      received_(beside_.size()),
      matrices_(beside_.size()),
      begins_(beside_.size()) {}

std::span<const float> BlocksBeside::notice(std::size_t rank, std::size_t begin) {
  const BlockPlace place{matrix_.place(), static_cast<std::int64_t>(begin)};
  sent_[rank] = std::bit_cast<Notice>(place);
  std::atomic_thread_fence(std::memory_order_release);
  return sent_[rank];
}

std::span<float> BlocksBeside::open(std::size_t rank, std::size_t size) {
  const auto place = std::bit_cast<BlockPlace>(received_[rank]);
  matrices_[rank].map(place.matrix);
  begins_[rank] = static_cast<std::size_t>(place.begin);
  std::atomic_thread_fence(std::memory_order_acquire);
  return matrices_[rank].values().subspan(begins_[rank], size);
}

std::span<float> BlocksBeside::opened(std::size_t rank, std::size_t size) const {
  const std::span<float> matrix = matrices_[rank].values();
  if (begins_[rank] + size > matrix.size()) return {};
  return matrix.subspan(begins_[rank], size);
}

void BlocksBeside::see_written() { std::atomic_thread_fence(std::memory_order_acquire); }

}  // namespace shardwright
