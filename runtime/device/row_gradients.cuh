#pragma once

#include "runtime/device/row_sort.cuh"
#include "runtime/device/rows.cuh"
#include "runtime/device/update_kernel.cuh"

#include <cuda_runtime.h>

#include <type_traits>

// How the gradient of one row is summed from the terms of its ids, or of its runs of ids.

namespace shardwright {

/// A different row of the batch, as every thread that works on it holds it.
struct RowRef {
  std::uint32_t number = 0;  ///< among the different rows
  std::uint32_t begin = 0;   ///< of its ids
  std::uint32_t end = 0;
  std::int32_t block = 0;
  std::int64_t row = 0;  ///< of the block
  __device__ std::uint32_t size() const { return end - begin; }
};

template <class Value>
__device__ RowRef row_ref(const UpdateTables& tables, const SortedIds<Value>& ids,
                          std::uint32_t number) {
  RowRef ref;
  ref.number = number;
  ref.begin = ids.begins[number];
  ref.end = ids.begins[number + 1];
  const auto row = static_cast<std::int64_t>(ids.rows[ref.begin]);
  ref.block = static_cast<std::int32_t>(last_not_above(tables.row_bases, tables.num_blocks, row));
  ref.row = row - tables.row_bases[ref.block];
  return ref;
}

/// coefficient · values: a gradient of a piece's columns, from its first.
struct Term {
  float coefficient = 1;
  const float* values = nullptr;
};

/// The gradients of a row's ids: each the coefficient times its bag's gradient.
template <class Value>
struct IdTerms {
  const Value* bags = nullptr;
  const float* gradients = nullptr;  ///< of the piece's first column, of sample 0 and feature 0
  std::int64_t stride = 0;
  std::int64_t width = 0;
  std::uint32_t first_bag = 0;
  std::uint32_t num_features = 1;
  std::uint32_t count = 0;

  __device__ Term operator[](std::uint32_t i) const {
    Term term;
    std::uint32_t bag = 0;
    if constexpr (std::is_same_v<Value, BagAndCoefficient>) {
      bag = static_cast<std::uint32_t>(bags[i] >> 32);
      term.coefficient = __uint_as_float(static_cast<std::uint32_t>(bags[i]));
    } else {
      bag = bags[i];
    }
    bag -= first_bag;
    const std::uint32_t sample = num_features == 1 ? bag : bag / num_features;
    const std::uint32_t feature = bag - sample * num_features;
    term.values = gradients + sample * stride + feature * width;
    return term;
  }
};

/// The sums of a long row's runs.
struct RunTerms {
  const float* sums = nullptr;  ///< of the piece's first column, of the row's first run
  std::int64_t stride = 0;
  std::uint32_t count = 0;
  __device__ Term operator[](std::uint32_t i) const { return {1, sums + i * stride}; }
};

/// Adds the terms in their order, kInFlight of them loaded at a time.
template <int kInFlight, class Terms, int kNumParts>
__device__ void add_terms(const Terms& terms, const Columns& columns, float4 (&sum)[kNumParts]) {
  for (std::uint32_t first = 0; first < terms.count; first += kInFlight) {
    float4 value[kInFlight][kNumParts];
    float coefficient[kInFlight];
#pragma unroll
    for (std::uint32_t i = 0; i < kInFlight; ++i) {
      if (first + i >= terms.count) continue;
      const Term term = terms[first + i];
      coefficient[i] = term.coefficient;
#pragma unroll
      for (int p = 0; p < kNumParts; ++p) {
        if (columns.has(p)) value[i][p] = load4(term.values + columns.of(p));
      }
    }
#pragma unroll
    for (std::uint32_t i = 0; i < kInFlight; ++i) {
      if (first + i >= terms.count) continue;
#pragma unroll
      for (int p = 0; p < kNumParts; ++p) add(sum[p], coefficient[i], value[i][p]);
    }
  }
}

/// `size` of the sorted ids, from `begin` on.
template <class Value>
__device__ IdTerms<Value> id_terms(const UpdateTables& tables, const SortedIds<Value>& ids,
                                   const DeviceBlock& block, const DevicePiece& piece,
                                   std::uint32_t begin, std::uint32_t size) {
  return {ids.bags + begin,
          tables.gradients + piece.column,
          tables.stride,
          piece.width,
          static_cast<std::uint32_t>(block.first_bag(tables.samples)),
          static_cast<std::uint32_t>(block.num_features),
          size};
}

/// Gradients of rows with at most kRunLength ids.
template <class Value>
struct ShortRows {
  static constexpr int kTermsInFlight = 1;
  SortedIds<Value> ids;
  __device__ IdTerms<Value> terms(const UpdateTables& tables, const RowRef& ref,
                                  const DeviceBlock& block, const DevicePiece& piece) const {
    return id_terms(tables, ids, block, piece, ref.begin, ref.size());
  }
};

/// Gradients of one row with more.
struct SummedRuns {
  static constexpr int kTermsInFlight = 8;
  const float* sums = nullptr;  ///< of its first run
  std::uint32_t count = 0;
  __device__ RunTerms terms(const UpdateTables& tables, const RowRef& /*ref*/,
                            const DeviceBlock& /*block*/, const DevicePiece& piece) const {
    return {sums + piece.column_in_block, tables.most_columns, count};
  }
};

}  // namespace shardwright
