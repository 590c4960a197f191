#pragma once

#include "costmodel/errors.hpp"

#include <c10/util/Exception.h>

#include <stdexcept>
#include <string>

namespace shardwright {

/// What LibTorch throws holds a stack trace of thirty lines, and is no bad_alloc: throws
/// EnvironmentError where memory is short, else std::runtime_error.
[[noreturn]] inline void rethrow(const c10::Error& error) {
  const std::string text = error.what_without_backtrace();
  if (text.find("allocate memory") == std::string::npos &&
      text.find("not enough memory") == std::string::npos &&
      text.find("out of memory") == std::string::npos) {
    throw std::runtime_error("LibTorch failed in the dense part: " + text);
  }
  throw EnvironmentError(
      "There is not enough memory for the dense part of the model. Use narrower MLPs, a smaller "
      "batch or fewer ranks per host. LibTorch says: " +
      text);
}

/// Runs `work`, whose c10::Error becomes one of the project's.
template <class Work>
auto with_libtorch(Work work) {
  try {
    return work();
  } catch (const c10::Error& error) {
    rethrow(error);
  }
}

}  // namespace shardwright
