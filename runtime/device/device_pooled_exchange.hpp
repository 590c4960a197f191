#pragma once

#include "runtime/data/batch.hpp"
#include "runtime/device/device_communicator.hpp"
#include "runtime/device/device_tables.hpp"
#include "runtime/exchange/input_exchange.hpp"
#include "runtime/exchange/layout.hpp"

#include <memory>
#include <span>

namespace shardwright {

/// PooledExchange and SplitMeans on the GPU: moves pooled values from the owners' matrices to the
/// ranks that have the samples, and gradients back, with the same bits. One kernel packs or unpacks
/// all runs; owners send from and receive into their matrix itself. Puts its work into the
/// communicator's stream. Borrows all that it is made of.
class DevicePooledExchange {
 public:
  /// Not for layouts with data_parallel tables.
  DevicePooledExchange(const ExchangeLayout& layout, const Workload& workload,
                       DeviceCommunicator& comm);
  ~DevicePooledExchange();

  /// Keeps what the batch's exchanges need of its lengths. Waits for the last batch's copies.
  void start(const Batch& batch);

  /// Fills `pooled`, [own samples][pooled columns] in device memory.
  void bring_pooled(std::span<const InputSource> sources, DeviceMatrix owned, float* pooled);
  /// The reverse: fills `owned` with the gradients of the pooled values.
  void bring_gradients(std::span<const InputSource> sources, const float* gradients,
                       DeviceMatrix owned);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace shardwright
