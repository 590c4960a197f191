#include "runtime/device/device_errors.hpp"

#include "costmodel/bytes.hpp"
#include "costmodel/errors.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <string>

namespace shardwright {
namespace {

std::string text_of(std::size_t bytes) {
  return format_bytes(Bytes(static_cast<std::int64_t>(bytes)));
}

}  // namespace

void throw_cuda_error(const char* what, const char* words) {
  throw EnvironmentError(fmt::format("CUDA could not {}: {}.", what, words));
}

void throw_no_device_memory(std::size_t bytes, const char* purpose, std::size_t free,
                            std::size_t total, const char* words) {
  throw EnvironmentError(
      fmt::format("No device memory for {} of {} ({} of {} are free): {}. Plan for more ranks, or "
                  "give the ranks their true memory in the topology.",
                  text_of(bytes), purpose, text_of(free), text_of(total), words));
}

}  // namespace shardwright
