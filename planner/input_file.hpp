#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace shardwright {

/// A file read whole, so that it is parsed and fingerprinted from the same bytes.
struct InputFile {
  std::string name;  ///< as messages show it: the path, or "standard input"
  std::string content;
};

/// A plan of 10,000 tables is some 30 MB.
inline constexpr std::size_t kMostInputBytes = std::size_t{1} << 28;

/// Reads `file`; "-" is standard input. Throws InputError (path, cause; more than kMostInputBytes).
InputFile read_input_file(const std::string& file);

/// 64-bit FNV-1a of `bytes`, as 16 hex digits: tells versions of a file apart, no protection.
std::string fingerprint(std::string_view bytes);

}  // namespace shardwright
