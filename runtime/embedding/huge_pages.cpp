#include "runtime/embedding/huge_pages.hpp"

#include <sys/mman.h>

#include <memory>

namespace shardwright {

void ask_for_huge_pages(void* begin, std::size_t bytes) {
#ifdef MADV_HUGEPAGE
  constexpr std::size_t kHugePage = std::size_t{1} << 21;
  if (std::align(kHugePage, kHugePage, begin, bytes) == nullptr) return;
  madvise(begin, bytes / kHugePage * kHugePage, MADV_HUGEPAGE);
#else
  static_cast<void>(begin);
  static_cast<void>(bytes);
#endif
}

}  // namespace shardwright
