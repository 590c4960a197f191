#pragma once

#include "costmodel/table.hpp"
#include "runtime/device/backend.hpp"
#include "runtime/embedding/jagged_vectors.hpp"
#include "runtime/model/dense_optimizer.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace shardwright {

/// Sizes of a DLRM: dense features → bottom MLP (last width = embedding_dim) → pairwise dot
/// products with the pooled embeddings → top MLP → one logit. With cross layers, of a DCNv2: these
/// take the place of the dot products.
struct DlrmConfig {
  std::int64_t num_dense = 0;  ///< 0: no bottom MLP, interaction among embeddings only
  std::int64_t num_features = 0;
  std::int64_t embedding_dim = 0;
  std::vector<std::int64_t> bottom_mlp;
  std::vector<std::int64_t> top_mlp;           ///< last width 1
  std::int64_t cross_layers = 0;               ///< 0: dot products
  std::int64_t cross_rank = 0;                 ///< of the matrices of a cross layer
  std::string torchscript;                     ///< file of a module in place of all these layers
  std::int64_t module_columns = 0;             ///< of the pooled embeddings that the module takes
  std::vector<std::int64_t> vector_dims = {};  ///< of the features without pooling that it takes
  std::int64_t pooled_columns() const {
    return torchscript.empty() ? num_features * embedding_dim : module_columns;
  }
};

/// The data-parallel part, on LibTorch. No LibTorch type appears here, so that few files compile
/// it. Initial weights depend on (seed, parameter name, index) alone: docs/training_math.md; those
/// of a TorchScript module are its own.
/// On a GPU (the current one), parameters, gradients, pooled values and their gradients lie in
/// device memory; dense features, labels and probabilities are the host's all the same. Members
/// throw EnvironmentError where memory is short.
class DenseModel {
 public:
  DenseModel(const DlrmConfig& config, const DenseOptimizer& optimizer, std::uint64_t seed,
             Backend backend = Backend::cpu);
  ~DenseModel();

  /// Forward and backward of `labels.size()` samples. pooled is [samples][pooled_columns()].
  /// There may be none: the gradients are zero then. `vectors` are those of the features without
  /// pooling, one entry for each of vector_dims. Returns the sum (not mean) of binary cross
  /// entropies; fills pooled_gradient (like pooled), vector_gradient (the values of all vectors,
  /// one feature after the other) and the dense gradients with the gradient of that sum divided by
  /// `global_batch`.
  double forward_backward(std::span<const float> dense, std::span<const float> pooled,
                          std::span<const float> labels, std::int64_t global_batch,
                          std::span<float> pooled_gradient,
                          std::span<const JaggedVectors> vectors = {},
                          std::span<float> vector_gradient = {});

  /// forward_backward() in three parts, between which values may travel: start() computes what
  /// depends on dense features alone (the bottom MLP; of a TorchScript module nothing),
  /// find_gradients() what follows and all gradients but those of start()'s layers, finish() these.
  /// `dense` must stay until finish(). The first and the last call `between`, unless it is empty,
  /// after each layer.
  void start(std::span<const float> dense, std::size_t samples,
             const std::function<void()>& between = {});
  double find_gradients(std::span<const float> pooled, std::span<const float> labels,
                        std::int64_t global_batch, std::span<float> pooled_gradient,
                        std::span<const JaggedVectors> vectors, std::span<float> vector_gradient);
  void finish(const std::function<void()>& between = {});

  /// Probability of a positive label per sample.
  void predict(std::span<const float> dense, std::span<const float> pooled,
               std::span<float> probability, std::span<const JaggedVectors> vectors = {});

  /// All parameter gradients as one flat array: to be summed over ranks in place before
  /// apply_gradients().
  std::span<float> gradients();
  /// One step of the optimizer by `scale` times the gradients.
  void apply_gradients(double learning_rate, float scale = 1);

  struct Parameter {
    std::string name;
    std::vector<std::int64_t> shape;
    std::vector<float> values;
  };
  std::vector<Parameter> parameters() const;
  /// What the optimizer remembers, shaped as the parameters, named `<parameter>/state` (adagrad's
  /// sums of squares), `…/momentum/state`, `…/m/state`, `…/v/state`; none for SGD without momentum.
  std::vector<Parameter> optimizer_state() const;
  /// Goes on from what the two above gave after `updates` steps: `load` fills a parameter's values,
  /// its name and shape being set.
  void restore(std::int64_t updates, const std::function<void(Parameter&)>& load);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Threads that LibTorch and its BLAS use inside one operation; for the whole process.
void set_dense_threads(std::int64_t threads);

}  // namespace shardwright
