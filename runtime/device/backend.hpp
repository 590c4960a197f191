#pragma once

#include <string_view>

namespace shardwright {

/// Where a rank computes.
enum class Backend { cpu, cuda };

std::string_view to_string(Backend backend);
/// cpu | cuda. Throws InputError.
Backend parse_backend(std::string_view text);

/// What `train` and `bench` say about the GPUs of a job.
struct BackendOptions {
  Backend backend = Backend::cpu;
  bool allow_shared_gpu = false;  ///< several ranks on one GPU: for tests, and slow
};

}  // namespace shardwright
