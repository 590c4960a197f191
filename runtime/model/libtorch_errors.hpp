#pragma once

#include "costmodel/errors.hpp"

#include <c10/util/Exception.h>

#include <new>
#include <stdexcept>
#include <string>

namespace shardwright {

[[noreturn]] inline void throw_no_memory(const std::string& words) {
  throw EnvironmentError(
      "There is not enough memory for the dense part of the model. Use narrower MLPs, a smaller "
      "batch or fewer ranks per host. " +
      words);
}

/// What LibTorch throws holds a stack trace of thirty lines, and is no bad_alloc: throws
/// EnvironmentError where memory is short, else std::runtime_error.
[[noreturn]] inline void rethrow(const c10::Error& error) {
  const std::string text = error.what_without_backtrace();
  if (text.find("allocate memory") == std::string::npos &&
      text.find("not enough memory") == std::string::npos &&
      text.find("out of memory") == std::string::npos) {
    throw std::runtime_error("LibTorch failed in the dense part: " + text);
  }
  throw_no_memory("LibTorch says: " + text);
}

/// Runs `work`, whose c10::Error or std::bad_alloc becomes one of the project's.
template <class Work>
auto with_libtorch(Work work) {
  try {
    return work();
  } catch (const c10::Error& error) {
    rethrow(error);
  } catch (const std::bad_alloc&) {
    throw_no_memory("An allocation of the initial weights failed.");
  }
}

}  // namespace shardwright
