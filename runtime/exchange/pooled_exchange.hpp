#pragma once

#include "runtime/comm/communicator.hpp"
#include "runtime/exchange/input_exchange.hpp"
#include "runtime/exchange/layout.hpp"
#include "runtime/exchange/wire_exchange.hpp"
#include "runtime/exchange/wire_formats.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace shardwright {

/// Moves pooled values from the owners' matrices to the ranks that have the samples, and gradients
/// the same way back: 4 bytes per sample and pooled column that lives on another rank, 2 in a
/// 16-bit wire format. In fp32 owners send from and receive into their matrix itself. What stays on
/// a rank is rounded as if it were sent, so that results do not depend on where tables lie. Where a
/// table's rows are cut, each of its blocks sends partial sums, which are added in the order of the
/// rows, and gets all gradients. Keeps its buffer from batch to batch.
class PooledExchange {
 public:
  explicit PooledExchange(WireFormats formats = {}) : formats_(formats) {}

  /// `owned`: this rank's matrix, [samples of all ranks][columns]; fills `pooled`, [own
  /// samples][pooled columns]; rounds the own part of `owned`. Blocks.
  void bring_pooled(Communicator& comm, const ExchangeLayout& layout,
                    std::span<const InputSource> sources, std::span<float> owned,
                    std::span<float> pooled);

  /// The reverse: fills `owned` with the gradients of the pooled values. Blocks.
  void bring_gradients(Communicator& comm, const ExchangeLayout& layout,
                       std::span<const InputSource> sources, std::span<const float> gradients,
                       std::span<float> owned);

 private:
  std::vector<std::span<float>> owners_blocks(const ExchangeLayout& layout, std::size_t self,
                                              std::size_t samples);

  WireFormats formats_;
  WireExchange wire_;
  std::vector<float> buffer_;  ///< one block per owner, [own samples][the owner's columns]
};

}  // namespace shardwright
