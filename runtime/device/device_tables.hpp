#pragma once

#include "runtime/device/device_layout.hpp"
#include "runtime/device/device_memory.hpp"
#include "runtime/embedding/optimizer.hpp"
#include "runtime/embedding/sharded_embeddings.hpp"
#include "runtime/exchange/input_exchange.hpp"
#include "runtime/exchange/layout.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace shardwright {

/// [rows][columns] values in device memory, row-major.
struct DeviceMatrix {
  float* data = nullptr;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
};

/// OwnedTables (owned_tables.hpp) in the memory of a GPU: the shards that a rank owns, pooled
/// values for the samples of all ranks, and updates by their gradients, both in a matrix
/// (OwnerLayout) in device memory. Members put their work into the stream and return before it is
/// done, unless they say that they wait. Borrows layout, workload and settings. Throws
/// EnvironmentError with what CUDA says.
class DeviceTables {
 public:
  /// Allocates the rank's shards and fills them with initial weights and state, the same bits as on
  /// a CPU.
  DeviceTables(const ExchangeLayout& layout, const Workload& workload,
               const OptimizerSettings& settings, RankId self, std::uint64_t seed,
               DeviceStream stream);
  ~DeviceTables();

  /// Brings the bags to the device and fills the matrix with pooled values. Throws InputError, with
  /// feature, table, id and sample, if the batch before had an id outside its table.
  void look_up(const InputExchange& input);
  /// The same for bags that are in device memory, in the order of device_layout.hpp; they must stay
  /// as they are until update().
  void look_up(const DeviceBags& bags);
  /// Waits. Throws InputError as look_up() does, for the last batch.
  void require_legal_ids();
  /// [samples of all ranks][columns]: to be filled with gradients after look_up() and the exchange
  /// of its values.
  DeviceMatrix matrix() const;

  /// Sorts the batch's ids by row. The next ones take the gradients that are in the matrix.
  void group_rows();
  /// Waits.
  double sum_all_squares();
  /// Whether exchange_squares() must be called, on all ranks, between the two others.
  bool shares_squares() const;
  void sum_row_squares(const StepSize& step);
  /// Waits.
  void exchange_squares(Communicator& comm);
  void update(const StepSize& step);
  /// Different rows of all blocks that the batch touches, after group_rows(). Waits.
  std::int64_t touched_rows() const;

  /// Waits, and brings the shards to the host, in the layout's order.
  std::vector<ShardedEmbeddings::LocalShard> download() const;
  /// Gives every shard what `load` makes of its values. Waits.
  void restore(const std::function<void(ShardedEmbeddings::LocalShard&)>& load);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace shardwright
