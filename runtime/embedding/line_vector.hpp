#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace shardwright {

/// Memory that begins where a cache line does. Without it, a large array begins 16 bytes behind: a
/// row then lies on one line more than it has to, and every other vector register is loaded from
/// two.
template <class T>
struct LineAllocator {
  using value_type = T;
  static constexpr std::align_val_t kLine{64};

  LineAllocator() = default;
  template <class U>
  constexpr LineAllocator(const LineAllocator<U>& /*other*/) {}

  /// Throws std::bad_alloc.
  T* allocate(std::size_t size) { return static_cast<T*>(::operator new(size * sizeof(T), kLine)); }
  void deallocate(T* values, std::size_t /*size*/) { ::operator delete(values, kLine); }
  bool operator==(const LineAllocator&) const = default;
};

/// Values that vector registers are loaded from.
template <class T>
using LineVector = std::vector<T, LineAllocator<T>>;

}  // namespace shardwright
