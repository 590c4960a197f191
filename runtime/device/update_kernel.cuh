#pragma once

#include "runtime/device/device_layout.hpp"
#include "runtime/device/device_memory.hpp"
#include "runtime/device/row_sort.cuh"
#include "runtime/embedding/optimizer.hpp"

#include <cstdint>

namespace shardwright {

/// OptimizerSettings and StepSize as the kernels take them, with Adam's bias corrections.
struct UpdateStep {
  OptimizerSettings settings;
  float learning_rate = 0;
  float gradient_scale = 1;
  std::int64_t step = 1;
  float adam_of_m = 0;       ///< learning rate over 1 − β1^step
  float adam_of_root_v = 1;  ///< √(1 − β2^step)
  bool adjusts = false;      ///< whether scale or decay change any gradient
};
UpdateStep update_step(const OptimizerSettings& settings, const StepSize& step);

/// Values of optimizer state per weight, beside those per row: 0, 1 or 2.
SHARDWRIGHT_HOST_DEVICE inline int states_per_weight(OptimizerKind optimizer, float momentum) {
  switch (optimizer) {
    case OptimizerKind::sgd:
      return momentum == 0.0F ? 0 : 1;
    case OptimizerKind::rowwise_adagrad:
      return 0;
    case OptimizerKind::adagrad:
    case OptimizerKind::rowwise_adam:
      return 1;
    case OptimizerKind::adam:
    case OptimizerKind::ftrl:
      return 2;
  }
  return 0;
}

/// Gradients of pooled values, and the tables they go to; all pointers in device memory.
struct UpdateTables {
  const DeviceBlock* blocks = nullptr;
  const std::int64_t* row_bases = nullptr;  ///< per block; ascending
  std::int64_t num_blocks = 0;
  const DevicePiece* pieces = nullptr;
  const float* gradients = nullptr;  ///< the matrix, [samples][stride]
  std::int64_t stride = 0;
  std::int64_t samples = 0;
  std::int64_t most_columns = 0;  ///< of a block
  std::int64_t widest = 0;        ///< columns of a piece
  int states = 0;                 ///< a bit per number of states_per_weight() that a table has
};

/// A row's gradient is summed in the order of its ids, in runs of so many that are added up in
/// order. So the sum does not depend on which threads form it, and rows of up to so many ids have
/// the bits of a plain sum.
inline constexpr std::uint32_t kRunLength = 64;

/// Sums each row's gradient and does something with it. Keeps its buffers.
template <class Value>
class RowUpdate {
 public:
  using Ids = SortedIds<Value>;
  explicit RowUpdate(DeviceStream stream);

  /// Once per batch, before the others: sums the runs of rows with more than kRunLength ids.
  void sum_runs(const UpdateTables& tables, const Ids& ids);
  /// Applies each table's optimizer. `row_squares`: per different row Σ g² over all of its table's
  /// columns; null if every shard has all.
  void update(const UpdateTables& tables, const Ids& ids, const UpdateStep& step,
              const double* row_squares);
  /// squares[i] = Σ g² of the i-th different row, g as the optimizer takes it, over the columns of
  /// a block's piece. −1: of all pieces, of every block. Rows of other blocks keep their values.
  void sum_squares(const UpdateTables& tables, const Ids& ids, const UpdateStep& step,
                   std::int64_t block, std::int64_t piece, double* squares);

  /// One row with more than kRunLength ids, and one run of ids; public for the kernels alone.
  struct LongRow {
    std::uint32_t row = 0;  ///< counts the different rows
    std::uint32_t first_run = 0;
    std::uint32_t num_runs = 0;
  };
  struct Run {
    std::uint32_t row = 0;
    std::uint32_t number = 0;
  };
  struct Counts {
    std::uint32_t long_rows = 0;
    std::uint32_t runs = 0;
  };
  struct LongRows {
    LongRow* rows = nullptr;
    Run* runs = nullptr;
    Counts* counts = nullptr;
    float* sums = nullptr;  ///< [runs][most_columns]
  };

 private:
  LongRows long_rows() const;
  template <int kStates>
  void update_tables_with(const UpdateTables& tables, const Ids& ids, const UpdateStep& step,
                          const double* row_squares);

  DeviceStream stream_;
  DeviceArray<LongRow> rows_;
  DeviceArray<Run> runs_;
  DeviceArray<Counts> counts_;
  DeviceArray<float> sums_;
};

}  // namespace shardwright
