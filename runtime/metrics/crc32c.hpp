#pragma once

#include <cstdint>
#include <string_view>

namespace shardwright {

/// CRC-32C (Castagnoli, reflected 0x82f63b78) of the bytes, as RFC 3720 has it.
std::uint32_t crc32c(std::string_view bytes);

}  // namespace shardwright
