#pragma once

#include "runtime/embedding/simd/vectors.hpp"

#include <cstddef>

namespace shardwright::simd {

/// Columns of a row that are worked on together, as Vectors vectors that stay in registers: they
/// follow each other from `first` on, but for the last one, which ends where the row does and may
/// take columns again that another one has. So a row of any width is read in one pass, whole
/// vectors alone.
template <std::size_t Lanes, std::size_t Vectors>
struct ColumnBlock {
  static constexpr std::size_t kLanes = Lanes;
  static constexpr std::size_t kVectors = Vectors;
  std::size_t first = 0;
  std::size_t last = 0;  ///< where the last vector begins

  /// Where vector v begins.
  [[gnu::always_inline]] std::size_t at(std::size_t v) const {
    return v + 1 == Vectors ? last : first + Lanes * v;
  }

  /// Brings the block of the row that begins at `row` on closer, to be read.
  template <class T>
  [[gnu::always_inline]] void prefetch(const T* row) const {
    constexpr std::size_t kVectorsPerLine = kCacheLine / (Lanes * sizeof(T));
    constexpr bool kIsOneLine = Vectors * Lanes * sizeof(T) <= kCacheLine;
    constexpr int kCache = kIsOneLine ? kToFirstCache : kToSecondCache;
    constexpr std::size_t kStep = kVectorsPerLine > 0 ? kVectorsPerLine : 1;
#pragma GCC unroll 8
    for (std::size_t v = 0; v < Vectors; v += kStep) __builtin_prefetch(row + at(v), 0, kCache);
    const T* const end = row + last + Lanes;
    __builtin_prefetch(reinterpret_cast<const char*>(end) - 1, 0, kCache);
  }
};

inline constexpr std::size_t kMostVectors = 8;

/// work(ColumnBlock) for the `vectors` that a row ends with.
template <std::size_t Lanes, std::size_t Vectors, class Work>
[[gnu::always_inline]] inline void last_block(std::size_t vectors, std::size_t first,
                                              std::size_t width, const Work& work) {
  if constexpr (Vectors > 0) {
    if (vectors == Vectors) return work(ColumnBlock<Lanes, Vectors>{first, width - Lanes});
    last_block<Lanes, Vectors - 1>(vectors, first, width, work);
  }
}

/// work(ColumnBlock) for all columns of a row that has at least Lanes and at most
/// Lanes · MostVectors, or any number of them if that is kMostVectors.
template <std::size_t Lanes, std::size_t MostVectors, class Work>
[[gnu::always_inline]] inline void for_each_block(std::size_t width, const Work& work) {
  constexpr std::size_t kColumns = Lanes * kMostVectors;
  std::size_t first = 0;
  if constexpr (MostVectors == kMostVectors) {
    for (; first + kColumns <= width; first += kColumns) {
      work(ColumnBlock<Lanes, kMostVectors>{first, first + kColumns - Lanes});
    }
  }
  last_block<Lanes, MostVectors>((width - first + Lanes - 1) / Lanes, first, width, work);
}

/// work(ColumnBlock) for all columns of a row, in as few vectors of this instruction set as hold
/// them.
template <class Isa, class Work>
[[gnu::always_inline]] inline void for_each_block(std::size_t width, const Work& work) {
  if (width >= Isa::kLanes) return for_each_block<Isa::kLanes, kMostVectors>(width, work);
  if constexpr (Isa::kLanes > 8) {
    if (width >= 8) return for_each_block<8, 2>(width, work);
  }
  if constexpr (Isa::kLanes > 4) {
    if (width >= 4) return for_each_block<4, 2>(width, work);
  }
  for_each_block<1, 3>(width, work);
}

}  // namespace shardwright::simd
