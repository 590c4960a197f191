#include "costmodel/errors.hpp"
#include "runtime/model/dense_part.hpp"

#include <ATen/core/List.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/tensor.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/serialization/import.h>

#include <algorithm>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

// No fmt here: this library also has LibTorch's include path, where another fmt may lie.

namespace shardwright {
namespace {

using torch::jit::Module;

constexpr std::int64_t kTriedSamples = 3;

[[noreturn]] void refuse(const DlrmConfig& config, const std::string& what) {
  throw InputError(config.torchscript + ": " + what);
}

bool takes_vectors(const DlrmConfig& config) { return !config.vector_dims.empty(); }

std::string expected_vectors(const DlrmConfig& config) {
  std::string dims;
  for (const std::int64_t dim : config.vector_dims) {
    dims += (dims.empty() ? "" : ", ") + std::to_string(dim);
  }
  return ", vectors [ids, dim] of dims " + dims + " and their offsets [samples + 1]";
}

std::string expected_shapes(const DlrmConfig& config) {
  const std::string lists = ", vectors: List[Tensor], offsets: List[Tensor]";
  return "expected forward(self, dense: Tensor, pooled: Tensor" +
         (takes_vectors(config) ? lists : "") +
         ") -> Tensor, which makes logits [samples] or [samples, 1] of dense features [samples, " +
         std::to_string(config.num_dense) + "] and pooled embeddings [samples, " +
         std::to_string(config.pooled_columns()) + "]" +
         (takes_vectors(config) ? expected_vectors(config) : "") + ".";
}

/// Without the stack trace that follows.
std::string first_words(const std::exception& error) {
  const auto* of_torch = dynamic_cast<const c10::Error*>(&error);
  const std::string text = of_torch != nullptr ? of_torch->what_without_backtrace() : error.what();
  return text.substr(0, text.find("\n\n"));
}

Module load_module(const DlrmConfig& config) {
  try {
    return torch::jit::load(config.torchscript);
  } catch (const std::exception& error) {
    refuse(config,
           "this is no TorchScript module that LibTorch can load. It says: " + first_words(error));
  }
}

bool is_tensor(const c10::Argument& argument) {
  return argument.type()->kind() == c10::TypeKind::TensorType;
}

bool is_list_of_tensors(const c10::Argument& argument) {
  return *argument.type() == *c10::ListType::ofTensors();
}

/// After the module itself; what may be left out may follow.
bool takes(const std::vector<c10::Argument>& arguments, bool lists) {
  const std::size_t end = lists ? 5 : 3;
  if (arguments.size() < end || !is_tensor(arguments[1]) || !is_tensor(arguments[2])) return false;
  const bool has_lists =
      lists && is_list_of_tensors(arguments[3]) && is_list_of_tensors(arguments[4]);
  if (lists != has_lists) return false;
  return std::all_of(
      arguments.begin() + static_cast<std::ptrdiff_t>(end), arguments.end(),
      [](const c10::Argument& argument) { return argument.default_value().has_value(); });
}

void require_signature(const DlrmConfig& config, const Module& module) {
  const auto method = module.find_method("forward");
  if (!method) refuse(config, "the module has no method forward; " + expected_shapes(config));
  const c10::FunctionSchema& schema = method->function().getSchema();
  if (!takes(schema.arguments(), takes_vectors(config)) || schema.returns().size() != 1 ||
      !is_tensor(schema.returns()[0])) {
    refuse(config,
           "the module's method is " + c10::toString(schema) + "; " + expected_shapes(config));
  }
}

/// Those that are trained; one that has two names counts under the first.
void take_parameters(const DlrmConfig& config, const Module& module, DensePart& part) {
  std::set<const void*> seen;
  for (const auto& parameter : module.named_parameters(/*recurse=*/true)) {
    const at::Tensor& value = parameter.value;
    if (!value.requires_grad() || !seen.insert(value.unsafeGetTensorImpl()).second) continue;
    if (value.scalar_type() != at::kFloat || !value.is_contiguous()) {
      refuse(config, "the parameter " + parameter.name + " is of type " +
                         c10::toString(value.scalar_type()) +
                         "; expected contiguous 32-bit floats.");
    }
    part.names.push_back(parameter.name);
    part.parameters.push_back(value);
  }
  if (part.parameters.empty()) refuse(config, "the module has no parameters to train.");
}

/// The graph as it was written, so that every call takes the same kernels in the same order.
at::Tensor call(Module& module, const DenseInput& input) {
  const torch::jit::GraphOptimizerEnabledGuard as_written(false);
  std::vector<c10::IValue> arguments = {input.dense, input.pooled};
  if (!input.vectors.empty()) {
    arguments.emplace_back(c10::List<at::Tensor>(at::ArrayRef<at::Tensor>(input.vectors)));
    arguments.emplace_back(c10::List<at::Tensor>(at::ArrayRef<at::Tensor>(input.offsets)));
  }
  return module.forward(std::move(arguments)).toTensor();
}

at::Tensor try_input(std::int64_t samples, std::int64_t columns) {
  return at::arange(samples * columns, at::kFloat).sin().view({samples, columns});
}

/// Of each feature two, none and one vector for the three samples.
DenseInput try_inputs(const DlrmConfig& config) {
  DenseInput input;
  input.dense = try_input(kTriedSamples, config.num_dense);
  input.pooled = try_input(kTriedSamples, config.pooled_columns());
  for (const std::int64_t dim : config.vector_dims) {
    input.vectors.push_back(try_input(3, dim));
    input.offsets.push_back(at::tensor({0, 2, 2, 3}, at::kLong));
  }
  return input;
}

std::vector<at::Tensor> copies_of_buffers(const Module& module) {
  std::vector<at::Tensor> copies;
  for (const at::Tensor& buffer : module.buffers(/*recurse=*/true)) {
    copies.push_back(buffer.clone());
  }
  return copies;
}

void require_same_buffers(const DlrmConfig& config, const Module& module,
                          const std::vector<at::Tensor>& before) {
  std::size_t i = 0;
  for (const auto& buffer : module.named_buffers(/*recurse=*/true)) {
    if (at::equal(buffer.value, before[i++])) continue;
    refuse(config, "the module changes its buffer " + buffer.name +
                       " as it runs (as batch normalisation does), which would differ from rank "
                       "to rank: expected a module without such state.");
  }
}

/// Calls the module twice, as in training.
void try_module(const DlrmConfig& config, Module& module) {
  const at::NoGradGuard no_grad;
  const DenseInput input = try_inputs(config);
  const std::vector<at::Tensor> buffers = copies_of_buffers(module);
  at::Tensor first;
  at::Tensor second;
  try {
    first = call(module, input);
    second = call(module, input);
  } catch (const std::exception& error) {
    refuse(config, expected_shapes(config) + " It failed on " + std::to_string(kTriedSamples) +
                       " samples: " + first_words(error));
  }
  require_same_buffers(config, module, buffers);
  const bool is_flat = first.dim() == 1 || (first.dim() == 2 && first.size(1) == 1);
  if (first.scalar_type() != at::kFloat || !is_flat || first.size(0) != kTriedSamples) {
    refuse(config, expected_shapes(config) + " Of " + std::to_string(kTriedSamples) +
                       " samples it made " + c10::toString(first.scalar_type()) + " " +
                       c10::str(first.sizes()) + ".");
  }
  if (!at::equal(first, second)) {
    refuse(config,
           "the module makes other logits of the same input each time (as dropout does): training "
           "could not be repeated. Expected a module without chance.");
  }
}

}  // namespace

DensePart load_torchscript_part(const DlrmConfig& config, at::Device device) {
  auto module = std::make_shared<Module>(load_module(config));
  require_signature(config, *module);
  module->train();
  try_module(config, *module);
  if (!device.is_cpu()) throw std::logic_error("A TorchScript module is for the CPU.");
  DensePart part;
  take_parameters(config, *module, part);
  part.logits = [module](const DenseInput& input) { return call(*module, input).reshape({-1}); };
  return part;
}

}  // namespace shardwright
