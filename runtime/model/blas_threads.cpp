#include "runtime/model/blas_threads.hpp"

#include <dlfcn.h>

namespace shardwright {

void set_blas_threads(int threads) {
  using SetNumThreads = void (*)(int);
  auto* const set =
      reinterpret_cast<SetNumThreads>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads"));
  if (set != nullptr) set(threads);
}

}  // namespace shardwright
