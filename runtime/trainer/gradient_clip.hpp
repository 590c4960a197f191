#pragma once

#include "runtime/comm/communicator.hpp"

#include <span>

namespace shardwright {

/// ‖g‖ of all gradients of a model: `embeddings` is Σ g² over this rank's shards
/// (ShardedEmbeddings::gradient_square_sum()), `dense` the gradients of the dense part, the same on
/// every rank. Sums doubles in rank order: the same bits on every rank. Blocks.
double global_gradient_norm(Communicator& comm, double embeddings, std::span<const float> dense);

/// What gradients of this norm are multiplied by so that it is at most `most`:
/// min(1, most / (norm + 1e-6)), as torch's clip_grad_norm_.
float clip_scale(double norm, double most);

}  // namespace shardwright
