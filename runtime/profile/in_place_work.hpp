#pragma once

#include "costmodel/timings/collective.hpp"
#include "planner/plan.hpp"
#include "runtime/comm/communicator.hpp"
#include "runtime/comm/shared_floats.hpp"
#include "runtime/embedding/line_vector.hpp"
#include "runtime/exchange/input_exchange.hpp"
#include "runtime/exchange/layout.hpp"
#include "runtime/exchange/own_vectors.hpp"
#include "runtime/exchange/pooled_exchange.hpp"

#include <cstdint>

namespace shardwright {

/// Whether all ranks map each other's memory, so that they exchange in place: the same on every
/// rank. Blocks.
bool can_exchange_in_place(Communicator& comm);

/// An exchange in place by the runtime's own PooledExchange, with its buffers, to be done again and
/// again. The ranks, of whom can_exchange_in_place() holds, make it and call it together. Borrows
/// the communicator.
class InPlaceWork {
 public:
  /// `kind` is in place. Of as many whole samples of each rank as come nearest to `bytes`, at least
  /// one: of five tables of 16 to 128 columns on each rank, or, for sums, of five tables of which
  /// each rank has a part of the rows. Allocates, and lets the ranks find each other's matrices;
  /// blocks. Throws EnvironmentError.
  InPlaceWork(Communicator& comm, CollectiveKind kind, std::int64_t bytes);

  /// As CollectiveCall counts them; as many as this rank's matrix has.
  std::int64_t bytes() const { return 4 * std::ssize(matrix_.values()); }
  /// Writes this rank's matrix anew, as a look-up does, once nobody reads it any more. Blocks.
  void look_up();
  /// After look_up() of all ranks. Blocks.
  void run();

 private:
  InPlaceWork(Communicator& comm, CollectiveKind kind, std::int64_t bytes, const Plan& plan);
  void make_room(std::int64_t samples, std::size_t features);
  void exchange_values();
  void exchange_gradients();

  Communicator& comm_;
  CollectiveKind kind_;
  ExchangeLayout layout_;
  InputExchange input_;
  OwnVectors vectors_;
  PooledExchange exchange_;
  SharedFloats matrix_;
  LineVector<float> pooled_;
};

}  // namespace shardwright
