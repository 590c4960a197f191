#pragma once

#include "costmodel/errors.hpp"

#include <nccl.h>

#include <string>

namespace shardwright {

/// Throws EnvironmentError unless the call went well or goes on in the background.
inline void check_nccl(ncclResult_t result, const char* call, ncclComm_t comm = nullptr) {
  if (result == ncclSuccess || result == ncclInProgress) return;
  throw EnvironmentError(std::string(call) + " failed: " + ncclGetErrorString(result) + " (" +
                         ncclGetLastError(comm) + "). NCCL_DEBUG=INFO makes NCCL say more.");
}

}  // namespace shardwright
