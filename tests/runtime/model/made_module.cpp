#include "tests/runtime/model/made_module.hpp"

#include <ATen/ops/arange.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/jit/api/module.h>

namespace shardwright {

void write_module(const std::string& file, const std::vector<ModuleParameter>& parameters,
                  const std::string& methods) {
  torch::jit::Module module("made_by_the_test");
  for (const ModuleParameter& p : parameters) {
    at::Tensor values = at::arange(p.rows * p.columns, at::kFloat).sin().mul(0.3);
    values = values.view({p.rows, p.columns}).clone().set_requires_grad(true);
    module.register_parameter(p.name, values, /*is_buffer=*/false);
  }
  module.register_buffer("count", at::zeros({1}));
  module.define(methods + "\n");
  module.save(file);
}

}  // namespace shardwright
