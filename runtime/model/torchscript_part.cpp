#include "costmodel/errors.hpp"
#include "runtime/model/dense_part.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/sin.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/serialization/import.h>

#include <memory>
#include <set>
#include <stdexcept>
#include <string>

// No fmt here: this library also has LibTorch's include path, where another fmt may lie.

namespace shardwright {
namespace {

using torch::jit::Module;

constexpr const char* kExpected =
    "expected forward(self, dense: Tensor, pooled: Tensor) -> Tensor, which makes logits "
    "[samples] or [samples, 1] of dense features [samples, ";

[[noreturn]] void refuse(const DlrmConfig& config, const std::string& what) {
  throw InputError(config.torchscript + ": " + what);
}

std::string expected_shapes(const DlrmConfig& config) {
  return kExpected + std::to_string(config.num_dense) + "] and pooled embeddings [samples, " +
         std::to_string(config.pooled_columns()) + "].";
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

void require_signature(const DlrmConfig& config, const Module& module) {
  const auto method = module.find_method("forward");
  if (!method) refuse(config, "the module has no method forward; " + expected_shapes(config));
  const c10::FunctionSchema& schema = method->function().getSchema();
  const auto is_tensor = [](const c10::Argument& argument) {
    return argument.type()->kind() == c10::TypeKind::TensorType;
  };
  const auto& arguments = schema.arguments();
  bool fits = arguments.size() >= 3 && is_tensor(arguments[1]) && is_tensor(arguments[2]) &&
              schema.returns().size() == 1 && is_tensor(schema.returns()[0]);
  for (std::size_t i = 3; i < arguments.size(); ++i) {
    fits = fits && arguments[i].default_value().has_value();
  }
  if (!fits) {
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
at::Tensor call(Module& module, const at::Tensor& dense, const at::Tensor& pooled) {
  const torch::jit::GraphOptimizerEnabledGuard as_written(false);
  return module.forward({dense, pooled}).toTensor();
}

at::Tensor try_input(std::int64_t samples, std::int64_t columns) {
  return at::arange(samples * columns, at::kFloat).sin().view({samples, columns});
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
  constexpr std::int64_t kSamples = 3;
  const at::NoGradGuard no_grad;
  const at::Tensor dense = try_input(kSamples, config.num_dense);
  const at::Tensor pooled = try_input(kSamples, config.pooled_columns());
  const std::vector<at::Tensor> buffers = copies_of_buffers(module);
  at::Tensor first;
  at::Tensor second;
  try {
    first = call(module, dense, pooled);
    second = call(module, dense, pooled);
  } catch (const std::exception& error) {
    refuse(config, expected_shapes(config) + " It failed on " + std::to_string(kSamples) +
                       " samples: " + first_words(error));
  }
  require_same_buffers(config, module, buffers);
  const bool is_flat = first.dim() == 1 || (first.dim() == 2 && first.size(1) == 1);
  if (first.scalar_type() != at::kFloat || !is_flat || first.size(0) != kSamples) {
    refuse(config, expected_shapes(config) + " Of " + std::to_string(kSamples) +
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
  part.logits = [module](const at::Tensor& dense, const at::Tensor& pooled) {
    return call(*module, dense, pooled).reshape({-1});
  };
  return part;
}

}  // namespace shardwright
