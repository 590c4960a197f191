#pragma once

namespace shardwright::testing {

/// Sanitizers take some fifty times as long: tests of many random cases then try a sample of them.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

}  // namespace shardwright::testing
