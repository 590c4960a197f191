#pragma once

// Only for files that compile kernels for one instruction set: what follows their choice of it is
// compiled for that set, so all other headers must come before. Nothing here may leave a symbol
// that another file could take for its own: functions are inlined for certain, or have a parameter
// Isa, a type that the file alone has.

#include "runtime/embedding/number_format.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace shardwright::simd {

template <class T, std::size_t N>
struct VectorOf {
  using Type __attribute__((vector_size(N * sizeof(T)))) = T;
};

/// N values side by side; arithmetic works value by value.
template <class T, std::size_t N>
using Vector = typename VectorOf<T, N>::Type;

/// From or to any address.
template <class V, class T>
[[gnu::always_inline]] inline V load(const T* from) {
  V result;
  std::memcpy(&result, from, sizeof(V));
  return result;
}

template <class V, class T>
[[gnu::always_inline]] inline void store(const V& value, T* to) {
  std::memcpy(to, &value, sizeof(V));
}

/// N weights as floats.
template <class Isa, std::size_t N>
[[gnu::always_inline]] inline Vector<float, N> load_floats(const float* from) {
  return load<Vector<float, N>>(from);
}

template <class Isa, std::size_t N>
[[gnu::always_inline]] inline Vector<float, N> load_floats(const Bf16* from) {
  using Bits = Vector<std::uint32_t, N>;
  const auto half = load<Vector<std::uint16_t, N>>(from);
  const Bits bits = __builtin_convertvector(half, Bits) << 16;
  return load<Vector<float, N>>(&bits);
}

template <class Isa, std::size_t N>
[[gnu::always_inline]] inline Vector<float, N> load_floats(const Fp16* from) {
  alignas(Vector<float, N>) float values[N];
  Isa::template widen<N>(from, values);
  return load<Vector<float, N>>(values);
}

inline constexpr std::size_t kCacheLine = 64;

/// Caches to prefetch to, as __builtin_prefetch() counts them. The first one waits for fewer lines
/// at a time (24 on an EPYC 9004) than can be on their way from memory: rows of several lines are
/// brought to the second one.
inline constexpr int kToFirstCache = 3;
inline constexpr int kToSecondCache = 2;

template <int cache>
[[gnu::always_inline]] inline void prefetch_lines_to_change(const char* begin, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; i += kCacheLine) __builtin_prefetch(begin + i, 1, cache);
  __builtin_prefetch(begin + bytes - 1, 1, cache);
}

/// Brings the `bytes` (at least one) from `address` on closer, to be changed: also the line that
/// the last one lies on, which is one more where the first one does not begin a line.
[[gnu::always_inline]] inline void prefetch_to_change(const void* address, std::size_t bytes) {
  const char* const begin = static_cast<const char*>(address);
  if (bytes <= kCacheLine) return prefetch_lines_to_change<kToFirstCache>(begin, bytes);
  prefetch_lines_to_change<kToSecondCache>(begin, bytes);
}

/// How many rows ahead rows are asked for: so many bytes are on their way at once.
[[gnu::always_inline]] inline std::size_t rows_ahead(std::size_t row_bytes) {
  constexpr std::size_t kBytesAhead = 8192;
  return std::clamp<std::size_t>(kBytesAhead / row_bytes, 2, 32);
}

}  // namespace shardwright::simd
