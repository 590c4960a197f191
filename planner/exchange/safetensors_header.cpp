#include "planner/exchange/safetensors_header.hpp"

#include "costmodel/errors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace shardwright {
namespace {

constexpr std::uint64_t kLengthBytes = 8;
constexpr std::uint64_t kLongestHeader = 100'000'000;  // the format's own limit

[[noreturn]] void refuse(const std::string& file, const std::string& why) {
  throw InputError(fmt::format("{} is not a sound safetensors file: {}", file, why));
}

std::uint64_t size_of(const std::string& file) {
  std::error_code error;
  const std::uint64_t size = std::filesystem::file_size(file, error);
  if (error) throw InputError(fmt::format("{} cannot be read: {}.", file, error.message()));
  return size;
}

void read(std::ifstream& stream, const std::string& file, char* to, std::uint64_t bytes) {
  errno = 0;
  stream.read(to, static_cast<std::streamsize>(bytes));
  if (stream) return;
  throw InputError(fmt::format("The header of {} cannot be read: {}.", file,
                               errno != 0 ? std::strerror(errno) : "the read failed"));
}

}  // namespace

std::string read_safetensors_header(const std::string& file) {
  const std::uint64_t size = size_of(file);
  if (size < kLengthBytes) {
    refuse(file, fmt::format("it has {} bytes, fewer than the 8 of the header's length.", size));
  }
  std::ifstream stream(file, std::ios::binary);
  std::uint64_t length = 0;
  read(stream, file, reinterpret_cast<char*>(&length), kLengthBytes);
  if (length > std::min(kLongestHeader, size - kLengthBytes)) {
    refuse(file, fmt::format("its header should have {} bytes, but the file has {} in all and a "
                             "header {} at most.",
                             length, size, kLongestHeader));
  }
  std::string header(length, ' ');
  read(stream, file, header.data(), length);
  return header;
}

}  // namespace shardwright
