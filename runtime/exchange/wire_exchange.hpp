#pragma once

#include "costmodel/table.hpp"
#include "runtime/comm/communicator.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace shardwright {

/// Sends floats in a wire format. Keeps its buffers from batch to batch.
class WireExchange {
 public:
  /// `send` has a block for each rank, `receive` one from each, of the sizes that the ranks have
  /// agreed on; a rank's own block must be empty. fp32 goes straight from block to block, 16-bit
  /// formats through buffers of half the size. Returns at once; until finish() the blocks must stay
  /// as they are.
  void start(Communicator& comm, DataType format, std::span<const std::span<const float>> send,
             std::span<const std::span<float>> receive);
  /// The same.
  void start(Communicator& comm, DataType format, const std::vector<std::span<float>>& send,
             const std::vector<std::span<float>>& receive);
  /// Blocks until what start() began is received.
  void finish();
  /// Moves it on; does not block. True if nothing is under way.
  bool advance() { return exchange_ == nullptr || exchange_->advance(); }

 private:
  void start_narrow(Communicator& comm, std::span<const std::span<const float>> send,
                    std::span<const std::span<float>> receive);

  DataType format_ = DataType::fp32;
  std::vector<std::span<float>> receive_;  ///< of a 16-bit format
  std::vector<std::uint16_t> sent_;
  std::vector<std::uint16_t> received_;
  std::unique_ptr<Communicator::Exchange> exchange_;
};

/// What the values would be if they had been sent in this format.
void round_to_format(DataType format, std::span<float> values);

}  // namespace shardwright
