#include "runtime/embedding/row_shares.hpp"

namespace shardwright {

void touch_pages(Workers& workers, void* memory, std::int64_t rows, std::size_t bytes_per_row) {
  constexpr std::size_t kPage = 4096;  // the smallest there is
  auto* const bytes = static_cast<std::byte*>(memory);
  share_rows(workers, rows, [&](std::int64_t begin, std::int64_t end) {
    const std::size_t end_byte = static_cast<std::size_t>(end) * bytes_per_row;
    for (std::size_t i = static_cast<std::size_t>(begin) * bytes_per_row; i < end_byte;
         i += kPage) {
      bytes[i] = std::byte{0};
    }
  });
}

}  // namespace shardwright
