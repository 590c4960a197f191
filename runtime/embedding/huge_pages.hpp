#pragma once

#include "runtime/embedding/line_vector.hpp"

#include <cstddef>

namespace shardwright {

/// Asks the system for pages of 2 MiB where they fit into memory that has not been touched yet:
/// random rows of a large table then cost fewer page walks. A wish; nothing depends on it.
void ask_for_huge_pages(void* begin, std::size_t bytes);

/// Gives `values` a size; where it needs new memory, asks for huge pages and forgets what there
/// was.
template <class T>
void resize_in_huge_pages(LineVector<T>& values, std::size_t size, T value = {}) {
  if (size > values.capacity()) {
    values = {};
    values.reserve(size);
    ask_for_huge_pages(values.data(), values.capacity() * sizeof(T));
  }
  values.resize(size, value);
}

}  // namespace shardwright
