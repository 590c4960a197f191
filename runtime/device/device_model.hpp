#pragma once

#include "runtime/trainer/rank_model.hpp"

#include <memory>

namespace shardwright {

/// A rank's part of a model in the memory of a GPU, trained there: ids, dense features and labels
/// come from host memory in every step, and nothing but the loss goes back. Throws as
/// make_rank_model() does; without CUDA in the build (device_model_stub.cpp) always. Blocks.
std::unique_ptr<RankModel> make_device_model(Communicator& comm, const RankModelSpec& spec,
                                             bool allow_shared_gpu);

}  // namespace shardwright
