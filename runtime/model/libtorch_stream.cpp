#include "runtime/model/libtorch_stream.hpp"

#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAStream.h>

namespace shardwright {

void use_stream_in_libtorch(DeviceStream stream) {
  c10::cuda::setCurrentCUDAStream(
      c10::cuda::getStreamFromExternal(stream, c10::cuda::current_device()));
}

}  // namespace shardwright
