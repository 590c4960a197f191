#include "runtime/model/dense_model.hpp"

#include "runtime/model/blas_threads.hpp"
#include "runtime/model/dense_part.hpp"
#include "runtime/model/dense_steps.hpp"
#include "runtime/model/libtorch_errors.hpp"

#include <ATen/Parallel.h>
#include <ATen/core/Reduction.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace shardwright {
namespace {

/// A view of memory that somebody else owns and that is not written through.
at::Tensor view(std::span<const float> values, const std::vector<std::int64_t>& shape) {
  return at::from_blob(const_cast<float*>(values.data()), shape, at::kFloat);
}

at::Tensor view(const std::vector<std::int64_t>& values) {
  return at::from_blob(const_cast<std::int64_t*>(values.data()),
                       {static_cast<std::int64_t>(values.size())}, at::kLong);
}

/// The same of memory of the device.
at::Tensor view_on(at::Device device, std::span<const float> values,
                   const std::vector<std::int64_t>& shape) {
  return at::from_blob(const_cast<float*>(values.data()), shape,
                       at::TensorOptions(at::kFloat).device(device));
}

/// `count` samples from `begin` on, as leaves of their own. Features without pooling are those of
/// all samples.
DenseInput leaves_of(const DenseInput& input, std::int64_t begin, std::int64_t count) {
  DenseInput leaves;
  leaves.dense = input.dense.detach().narrow(0, begin, count);
  leaves.dense.set_requires_grad(input.dense.requires_grad());
  leaves.pooled = input.pooled.narrow(0, begin, count).set_requires_grad(true);
  for (const at::Tensor& vectors : input.vectors) {
    leaves.vectors.push_back(vectors.detach().set_requires_grad(true));
  }
  leaves.offsets = input.offsets;
  return leaves;
}

/// Zeros if the logits do not depend on the input.
void copy_gradient(const at::Tensor& input, const at::Tensor& to) {
  if (input.grad().defined()) {
    to.copy_(input.grad());
  } else {
    to.zero_();
  }
}

}  // namespace

struct DenseModel::State {
  DlrmConfig config;
  DenseOptimizer optimizer;
  at::Device device = at::kCPU;
  DensePart part;
  at::Tensor gradients;  ///< flat; every parameter's grad() is a view into it
  std::vector<DenseState> optimizer_state;
  std::int64_t updates = 0;
  BottomPass bottom;
  at::Tensor bottom_output;  ///< of the batch between start() and find_gradients()

  void allocate(std::uint64_t seed);
  at::Tensor features(std::span<const float> dense, std::size_t samples) const;
  template <class Work>
  void for_each_part(std::int64_t samples, const Work& work) const;
  double find_gradients(const DenseInput& input, std::span<const float> labels,
                        std::int64_t global_batch, std::span<float> pooled_gradient,
                        std::span<float> vector_gradient);
  void predict(const DenseInput& input, std::span<float> probability) const;
  void apply_gradients(double learning_rate, float scale);
  DenseInput input_of(const at::Tensor& of_dense, std::span<const float> pooled,
                      std::span<const JaggedVectors> vectors) const;
  double backward_of(const DenseInput& input, std::span<const float> labels,
                     std::int64_t global_batch);
  void copy_vector_gradients(const DenseInput& input, std::span<float> gradient) const;
  std::vector<Parameter> copies(const std::vector<at::Tensor>& tensors,
                                const std::string& suffix) const;
  void fill(std::vector<at::Tensor>& tensors, const std::string& suffix,
            const std::function<void(Parameter&)>& load);
};

void DenseModel::State::allocate(std::uint64_t seed) {
  part = config.torchscript.empty() ? make_dense_part(config, seed, device)
                                    : load_torchscript_part(config, device);
  std::int64_t total = 0;
  for (const at::Tensor& parameter : part.parameters) total += parameter.numel();
  gradients = at::zeros({total}, at::TensorOptions(at::kFloat).device(device));
  std::int64_t offset = 0;
  for (at::Tensor& parameter : part.parameters) {
    const at::Tensor own = gradients.narrow(0, offset, parameter.numel());
    parameter.mutable_grad() = own.view(parameter.sizes());
    offset += parameter.numel();
  }
  optimizer_state = initial_dense_state(optimizer, part.parameters);
}

DenseModel::DenseModel(const DlrmConfig& config, const DenseOptimizer& optimizer,
                       std::uint64_t seed, Backend backend)
    : state_(std::make_unique<State>()) {
  state_->config = config;
  state_->optimizer = optimizer;
  if (backend == Backend::cuda) state_->device = at::kCUDA;
  with_libtorch([&] { state_->allocate(seed); });
}

DenseModel::~DenseModel() = default;

at::Tensor DenseModel::State::features(std::span<const float> dense, std::size_t samples) const {
  return view(dense, {static_cast<std::int64_t>(samples), config.num_dense}).to(device);
}

DenseInput DenseModel::State::input_of(const at::Tensor& of_dense, std::span<const float> pooled,
                                       std::span<const JaggedVectors> vectors) const {
  DenseInput input;
  input.dense = of_dense;
  input.pooled = view_on(device, pooled, {of_dense.size(0), config.pooled_columns()});
  for (const JaggedVectors& feature : vectors) {
    input.vectors.push_back(view(feature.values, {feature.offsets.back(), feature.dim}));
    input.offsets.push_back(view(feature.offsets));
  }
  return input;
}

/// Calls work(begin, count) for as many samples as logits are asked for at once, one such part
/// after the other.
template <class Work>
void DenseModel::State::for_each_part(std::int64_t samples, const Work& work) const {
  for (std::int64_t begin = 0; begin < samples;) {
    const std::int64_t count = std::min(part.samples_at_once, samples - begin);
    work(begin, count);
    begin += count;
  }
}

/// Leaves the gradients of the input's leaves with them; returns the sum of losses.
double DenseModel::State::backward_of(const DenseInput& input, std::span<const float> labels,
                                      std::int64_t global_batch) {
  const auto samples = static_cast<std::int64_t>(labels.size());
  const at::Tensor losses = at::binary_cross_entropy_with_logits(
      part.logits(input), view(labels, {samples}).to(device), {}, {}, at::Reduction::None);
  losses.backward(at::full_like(losses, 1.0 / static_cast<double>(global_batch)));
  return losses.detach().sum(at::kDouble).item<double>();
}

void DenseModel::State::copy_vector_gradients(const DenseInput& input,
                                              std::span<float> gradient) const {
  for (const at::Tensor& vectors : input.vectors) {
    const auto size = static_cast<std::size_t>(vectors.numel());
    copy_gradient(vectors, view_on(device, gradient.first(size), vectors.sizes().vec()));
    gradient = gradient.subspan(size);
  }
}

double DenseModel::State::find_gradients(const DenseInput& input, std::span<const float> labels,
                                         std::int64_t global_batch,
                                         std::span<float> pooled_gradient,
                                         std::span<float> vector_gradient) {
  const at::Tensor of_pooled = view_on(device, pooled_gradient, input.pooled.sizes().vec());
  const bool has_bottom = input.dense.requires_grad();
  if (has_bottom) input.dense.mutable_grad() = at::empty_like(input.dense);
  double loss_sum = 0;
  for_each_part(input.dense.size(0), [&](std::int64_t begin, std::int64_t count) {
    const DenseInput some = leaves_of(input, begin, count);
    loss_sum += backward_of(
        some, labels.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(count)),
        global_batch);
    copy_gradient(some.pooled, of_pooled.narrow(0, begin, count));
    if (has_bottom) copy_gradient(some.dense, input.dense.grad().narrow(0, begin, count));
    copy_vector_gradients(some, vector_gradient);
  });
  return loss_sum;
}

void DenseModel::start(std::span<const float> dense, std::size_t samples,
                       const std::function<void()>& between) {
  with_libtorch([&] {
    state_->gradients.zero_();
    if (samples == 0) return;
    state_->bottom_output =
        state_->bottom.forward(state_->part.bottom, state_->features(dense, samples), between);
  });
}

double DenseModel::find_gradients(std::span<const float> pooled, std::span<const float> labels,
                                  std::int64_t global_batch, std::span<float> pooled_gradient,
                                  std::span<const JaggedVectors> vectors,
                                  std::span<float> vector_gradient) {
  if (labels.empty()) return 0;
  return with_libtorch([&] {
    const at::Tensor of_dense = std::exchange(state_->bottom_output, {});
    return state_->find_gradients(state_->input_of(of_dense, pooled, vectors), labels, global_batch,
                                  pooled_gradient, vector_gradient);
  });
}

void DenseModel::finish(const std::function<void()>& between) {
  with_libtorch([&] { state_->bottom.backward(between); });
}

double DenseModel::forward_backward(std::span<const float> dense, std::span<const float> pooled,
                                    std::span<const float> labels, std::int64_t global_batch,
                                    std::span<float> pooled_gradient,
                                    std::span<const JaggedVectors> vectors,
                                    std::span<float> vector_gradient) {
  start(dense, labels.size());
  const double loss_sum =
      find_gradients(pooled, labels, global_batch, pooled_gradient, vectors, vector_gradient);
  finish();
  return loss_sum;
}

void DenseModel::State::predict(const DenseInput& input, std::span<float> probability) const {
  for_each_part(input.dense.size(0), [&](std::int64_t begin, std::int64_t count) {
    const at::Tensor logits = part.logits(leaves_of(input, begin, count));
    const at::Tensor result = at::sigmoid(logits).to(at::kCPU).contiguous();
    std::copy_n(result.data_ptr<float>(), count, probability.begin() + begin);
  });
}

void DenseModel::predict(std::span<const float> dense, std::span<const float> pooled,
                         std::span<float> probability, std::span<const JaggedVectors> vectors) {
  if (probability.empty()) return;
  with_libtorch([&] {
    const at::NoGradGuard no_grad;
    const at::Tensor of_dense =
        BottomPass().forward(state_->part.bottom, state_->features(dense, probability.size()), {});
    state_->predict(state_->input_of(of_dense, pooled, vectors), probability);
  });
}

std::span<float> DenseModel::gradients() {
  return {state_->gradients.data_ptr<float>(), static_cast<std::size_t>(state_->gradients.numel())};
}

void DenseModel::State::apply_gradients(double learning_rate, float scale) {
  ++updates;
  if (scale != 1) gradients.mul_(static_cast<double>(scale));
  for (std::size_t i = 0; i < part.parameters.size(); ++i) {
    take_dense_step(optimizer, learning_rate, updates, i, part.parameters, optimizer_state);
  }
}

void DenseModel::apply_gradients(double learning_rate, float scale) {
  with_libtorch([&] { state_->apply_gradients(learning_rate, scale); });
}

std::vector<DenseModel::Parameter> DenseModel::State::copies(const std::vector<at::Tensor>& tensors,
                                                             const std::string& suffix) const {
  std::vector<Parameter> result;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const at::Tensor tensor = tensors[i].detach().to(at::kCPU).contiguous();
    const float* values = tensor.data_ptr<float>();
    result.push_back(
        {part.names[i] + suffix, tensor.sizes().vec(), {values, values + tensor.numel()}});
  }
  return result;
}

void DenseModel::State::fill(std::vector<at::Tensor>& tensors, const std::string& suffix,
                             const std::function<void(Parameter&)>& load) {
  std::vector<Parameter> loaded = copies(tensors, suffix);
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    load(loaded[i]);
    const at::NoGradGuard no_grad;
    tensors[i].copy_(view(loaded[i].values, tensors[i].sizes().vec()));
  }
}

std::vector<DenseModel::Parameter> DenseModel::parameters() const {
  return state_->copies(state_->part.parameters, "");
}

std::vector<DenseModel::Parameter> DenseModel::optimizer_state() const {
  std::vector<Parameter> all;
  for (const DenseState& state : state_->optimizer_state) {
    const std::vector<Parameter> copies = state_->copies(state.values, state.suffix);
    all.insert(all.end(), copies.begin(), copies.end());
  }
  return all;
}

void DenseModel::restore(std::int64_t updates, const std::function<void(Parameter&)>& load) {
  state_->fill(state_->part.parameters, "", load);
  for (DenseState& state : state_->optimizer_state) state_->fill(state.values, state.suffix, load);
  state_->updates = updates;
}

void set_dense_threads(std::int64_t threads) {
  at::set_num_threads(static_cast<int>(threads));
  set_blas_threads(static_cast<int>(threads));
}

}  // namespace shardwright
