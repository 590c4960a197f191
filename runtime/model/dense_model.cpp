#include "runtime/model/dense_model.hpp"

#include "costmodel/errors.hpp"
#include "runtime/model/blas_threads.hpp"
#include "runtime/model/dense_parameters.hpp"

// Narrow headers, which compile several times faster than <torch/torch.h>.
#include <ATen/Parallel.h>
#include <ATen/core/Reduction.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace shardwright {
namespace {

constexpr double kAdagradEps = 1e-8;

// What LibTorch throws holds a stack trace of thirty lines, and is no bad_alloc.
[[noreturn]] void rethrow(const c10::Error& error) {
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

template <class Work>
auto with_libtorch(Work work) {
  try {
    return work();
  } catch (const c10::Error& error) {
    rethrow(error);
  }
}

struct Layer {
  at::Tensor weight;
  at::Tensor bias;
};

/// A view of memory that somebody else owns and that is not written through.
at::Tensor view(std::span<const float> values, std::vector<std::int64_t> shape) {
  return at::from_blob(const_cast<float*>(values.data()), shape, at::kFloat);
}

/// The same of memory of the device.
at::Tensor view_on(at::Device device, std::span<const float> values,
                   std::vector<std::int64_t> shape) {
  return at::from_blob(const_cast<float*>(values.data()), shape,
                       at::TensorOptions(at::kFloat).device(device));
}

at::Tensor trainable(const DenseParameterSpec& spec, std::uint64_t seed, at::Tensor gradient) {
  const std::vector<float> initial = initial_values(spec, seed);
  at::Tensor parameter =
      view(initial, spec.shape).to(gradient.device(), at::kFloat, false, /*copy=*/true);
  parameter.set_requires_grad(true);
  parameter.mutable_grad() = gradient.view(spec.shape);
  return parameter;
}

/// Flat positions of the pairs (1,0), (2,0), (2,1), (3,0) … in an n × n matrix.
at::Tensor lower_triangle(std::int64_t n) {
  std::vector<std::int64_t> positions;
  for (std::int64_t i = 1; i < n; ++i) {
    for (std::int64_t j = 0; j < i; ++j) positions.push_back(i * n + j);
  }
  return at::tensor(positions, at::kLong);
}

}  // namespace

struct DenseModel::State {
  DlrmConfig config;
  at::Device device = at::kCPU;
  std::vector<DenseParameterSpec> specs;
  std::vector<at::Tensor> parameters;
  std::vector<Layer> bottom;
  std::vector<Layer> top;
  at::Tensor gradients;  ///< flat; every parameter's grad() is a view into it
  at::Tensor pairs;
  std::vector<at::Tensor> square_sums;  ///< Adagrad's state, one per parameter; empty for SGD

  void allocate(OptimizerKind optimizer, std::uint64_t seed);
  double forward_backward(std::span<const float> dense, std::span<const float> pooled,
                          std::span<const float> labels, std::int64_t global_batch,
                          std::span<float> pooled_gradient);
  void predict(std::span<const float> dense, std::span<const float> pooled,
               std::span<float> probability) const;
  void apply_gradients(double learning_rate);
  at::Tensor dense_input(std::span<const float> dense, std::int64_t samples) const {
    return view(dense, {samples, config.num_dense}).to(device);
  }
  at::Tensor pooled_input(std::span<const float> pooled, std::int64_t samples) const {
    return view_on(device, pooled, {samples, config.num_features, config.embedding_dim});
  }
  at::Tensor logits(const at::Tensor& dense, const at::Tensor& pooled) const;
  std::vector<Parameter> copies(const std::vector<at::Tensor>& tensors) const;
  void fill(std::vector<at::Tensor>& tensors, const std::function<void(Parameter&)>& load);
};

at::Tensor DenseModel::State::logits(const at::Tensor& dense, const at::Tensor& pooled) const {
  std::vector<at::Tensor> top_input;
  at::Tensor vectors = pooled;  // [samples][vectors][embedding_dim]
  if (config.num_dense > 0) {
    at::Tensor x = dense;
    for (const Layer& layer : bottom) x = at::relu(at::linear(x, layer.weight, layer.bias));
    top_input.push_back(x);
    vectors = at::cat({x.unsqueeze(1), pooled}, 1);
  }
  const at::Tensor dots = at::bmm(vectors, vectors.transpose(1, 2));
  top_input.push_back(dots.flatten(1).index_select(1, pairs));
  at::Tensor y = at::cat(top_input, 1);
  for (const Layer& layer : top) {
    const bool last = &layer == &top.back();
    y = at::linear(y, layer.weight, layer.bias);
    if (!last) y = at::relu(y);
  }
  return y.squeeze(1);
}

void DenseModel::State::allocate(OptimizerKind optimizer, std::uint64_t seed) {
  specs = dense_parameters(config);
  std::int64_t total = 0;
  for (const DenseParameterSpec& spec : specs) total += spec.size();
  gradients = at::zeros({total}, at::TensorOptions(at::kFloat).device(device));
  std::int64_t offset = 0;
  for (const DenseParameterSpec& spec : specs) {
    parameters.push_back(trainable(spec, seed, gradients.narrow(0, offset, spec.size())));
    offset += spec.size();
  }
  const std::size_t num_bottom = config.num_dense > 0 ? config.bottom_mlp.size() : 0;
  for (std::size_t i = 0; i < parameters.size() / 2; ++i) {
    std::vector<Layer>& mlp = i < num_bottom ? bottom : top;
    mlp.push_back({parameters[2 * i], parameters[2 * i + 1]});
  }
  pairs = lower_triangle(config.num_features + (config.num_dense > 0 ? 1 : 0)).to(device);
  if (optimizer == OptimizerKind::sgd) return;
  for (const at::Tensor& parameter : parameters) {
    square_sums.push_back(at::zeros_like(parameter, at::requires_grad(false)));
  }
}

DenseModel::DenseModel(const DlrmConfig& config, OptimizerKind optimizer, std::uint64_t seed,
                       Backend backend)
    : state_(std::make_unique<State>()) {
  state_->config = config;
  if (backend == Backend::cuda) state_->device = at::kCUDA;
  with_libtorch([&] { state_->allocate(optimizer, seed); });
}

DenseModel::~DenseModel() = default;

double DenseModel::State::forward_backward(std::span<const float> dense,
                                           std::span<const float> pooled,
                                           std::span<const float> labels, std::int64_t global_batch,
                                           std::span<float> pooled_gradient) {
  gradients.zero_();
  const auto samples = static_cast<std::int64_t>(labels.size());
  if (samples == 0) return 0.0;
  at::Tensor embeddings = pooled_input(pooled, samples);
  embeddings.set_requires_grad(true);
  const at::Tensor losses = at::binary_cross_entropy_with_logits(
      logits(dense_input(dense, samples), embeddings), view(labels, {samples}).to(device), {}, {},
      at::Reduction::None);
  losses.backward(at::full_like(losses, 1.0 / static_cast<double>(global_batch)));
  const at::Tensor& gradient = embeddings.grad();
  view_on(device, pooled_gradient, gradient.sizes().vec()).copy_(gradient);
  return losses.detach().sum(at::kDouble).item<double>();
}

double DenseModel::forward_backward(std::span<const float> dense, std::span<const float> pooled,
                                    std::span<const float> labels, std::int64_t global_batch,
                                    std::span<float> pooled_gradient) {
  return with_libtorch([&] {
    return state_->forward_backward(dense, pooled, labels, global_batch, pooled_gradient);
  });
}

void DenseModel::State::predict(std::span<const float> dense, std::span<const float> pooled,
                                std::span<float> probability) const {
  const auto samples = static_cast<std::int64_t>(probability.size());
  if (samples == 0) return;
  const at::NoGradGuard no_grad;
  const at::Tensor result =
      at::sigmoid(logits(dense_input(dense, samples), pooled_input(pooled, samples)))
          .to(at::kCPU)
          .contiguous();
  std::copy_n(result.data_ptr<float>(), probability.size(), probability.begin());
}

void DenseModel::predict(std::span<const float> dense, std::span<const float> pooled,
                         std::span<float> probability) {
  with_libtorch([&] { return state_->predict(dense, pooled, probability); });
}

std::span<float> DenseModel::gradients() {
  return {state_->gradients.data_ptr<float>(), static_cast<std::size_t>(state_->gradients.numel())};
}

// The operations, in their order, of torch::optim's SGD and Adagrad.
void DenseModel::State::apply_gradients(double learning_rate) {
  const at::NoGradGuard no_grad;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    at::Tensor& parameter = parameters[i];
    const at::Tensor& gradient = parameter.grad();
    if (square_sums.empty()) {
      parameter.add_(gradient, -learning_rate);
    } else {
      at::Tensor& square_sum = square_sums[i];
      square_sum.addcmul_(gradient, gradient);
      parameter.addcdiv_(gradient, square_sum.sqrt().add_(kAdagradEps), -learning_rate);
    }
  }
}

void DenseModel::apply_gradients(double learning_rate) {
  with_libtorch([&] { state_->apply_gradients(learning_rate); });
}

std::vector<DenseModel::Parameter> DenseModel::State::copies(
    const std::vector<at::Tensor>& tensors) const {
  std::vector<Parameter> result;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const at::Tensor tensor = tensors[i].detach().to(at::kCPU);
    const float* values = tensor.data_ptr<float>();
    result.push_back({specs[i].name, specs[i].shape, {values, values + tensor.numel()}});
  }
  return result;
}

void DenseModel::State::fill(std::vector<at::Tensor>& tensors,
                             const std::function<void(Parameter&)>& load) {
  std::vector<Parameter> loaded = copies(tensors);
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    load(loaded[i]);
    const at::NoGradGuard no_grad;
    tensors[i].copy_(view(loaded[i].values, tensors[i].sizes().vec()));
  }
}

std::vector<DenseModel::Parameter> DenseModel::parameters() const {
  return state_->copies(state_->parameters);
}

std::vector<DenseModel::Parameter> DenseModel::optimizer_state() const {
  return state_->copies(state_->square_sums);
}

void DenseModel::restore(const std::function<void(Parameter&)>& load_parameter,
                         const std::function<void(Parameter&)>& load_state) {
  state_->fill(state_->parameters, load_parameter);
  state_->fill(state_->square_sums, load_state);
}

void set_dense_threads(std::int64_t threads) {
  at::set_num_threads(static_cast<int>(threads));
  set_blas_threads(static_cast<int>(threads));
}

}  // namespace shardwright
