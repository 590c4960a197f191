#pragma once

#include "costmodel/table.hpp"
#include "runtime/device/backend.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace shardwright {

/// Sizes of a DLRM: dense features → bottom MLP (last width = embedding_dim) → pairwise dot
/// products with the pooled embeddings → top MLP → one logit.
struct DlrmConfig {
  std::int64_t num_dense = 0;  ///< 0: no bottom MLP, interaction among embeddings only
  std::int64_t num_features = 0;
  std::int64_t embedding_dim = 0;
  std::vector<std::int64_t> bottom_mlp;
  std::vector<std::int64_t> top_mlp;  ///< last width 1
};

/// The data-parallel part, on LibTorch. No LibTorch type appears here, so that few files compile
/// it. Initial weights depend on (seed, parameter name, index) alone: docs/training_math.md.
/// On a GPU (the current one), parameters, gradients, pooled values and their gradients lie in
/// device memory; dense features, labels and probabilities are the host's all the same. Members
/// throw EnvironmentError where memory is short.
class DenseModel {
 public:
  DenseModel(const DlrmConfig& config, OptimizerKind optimizer, std::uint64_t seed,
             Backend backend = Backend::cpu);
  ~DenseModel();

  /// Forward and backward of `labels.size()` samples. pooled is [samples][features][embedding_dim].
  /// There may be none: the gradients are zero then.
  /// Returns the sum (not mean) of binary cross entropies; fills pooled_gradient (like pooled) and
  /// the dense gradients with the gradient of that sum divided by `global_batch`.
  double forward_backward(std::span<const float> dense, std::span<const float> pooled,
                          std::span<const float> labels, std::int64_t global_batch,
                          std::span<float> pooled_gradient);

  /// Probability of a positive label per sample.
  void predict(std::span<const float> dense, std::span<const float> pooled,
               std::span<float> probability);

  /// All parameter gradients as one flat array: to be summed over ranks in place before
  /// apply_gradients().
  std::span<float> gradients();
  void apply_gradients(double learning_rate);

  struct Parameter {
    std::string name;
    std::vector<std::int64_t> shape;
    std::vector<float> values;
  };
  std::vector<Parameter> parameters() const;
  /// Adagrad's sums of squares, named and shaped as the parameters; none for SGD.
  std::vector<Parameter> optimizer_state() const;
  /// Goes on from what the two above gave: `load` fills a parameter's values, its name and shape
  /// being set; first of the parameters, then of the state.
  void restore(const std::function<void(Parameter&)>& load_parameter,
               const std::function<void(Parameter&)>& load_state);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Threads that LibTorch and its BLAS use inside one operation; for the whole process.
void set_dense_threads(std::int64_t threads);

}  // namespace shardwright
