#include "runtime/model/interaction/differentiable_interaction.hpp"

#include "runtime/model/interaction/interaction_kernels.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>

namespace shardwright {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

InteractionView view_of(const at::Tensor& bottom, const at::Tensor& pooled, std::int64_t dim) {
  InteractionView view;
  if (bottom.size(1) > 0) view.bottom = bottom.data_ptr<float>();
  view.pooled = pooled.data_ptr<float>();
  view.samples = static_cast<std::size_t>(pooled.size(0));
  view.features = static_cast<std::size_t>(pooled.size(1) / dim);
  view.dim = static_cast<std::size_t>(dim);
  return view;
}

struct DotInteraction : torch::autograd::Function<DotInteraction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& bottom,
                            const at::Tensor& pooled, std::int64_t dim) {
    context->save_for_backward({bottom, pooled});
    context->saved_data["dim"] = dim;
    const InteractionView view = view_of(bottom, pooled, dim);
    at::Tensor out = at::empty({pooled.size(0), static_cast<std::int64_t>(view.width())});
    interaction_kernels().dot_interaction(view, out.data_ptr<float>());
    return out;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor of_bottom = at::empty_like(saved[0]);
    const at::Tensor of_pooled = at::empty_like(saved[1]);
    const at::Tensor gradient = gradients[0].contiguous();
    interaction_kernels().dot_interaction_gradients(
        view_of(saved[0], saved[1], context->saved_data["dim"].toInt()), gradient.data_ptr<float>(),
        {of_bottom.data_ptr<float>(), of_pooled.data_ptr<float>()});
    return {of_bottom, of_pooled, {}};
  }
};

}  // namespace

at::Tensor differentiable_interaction(const at::Tensor& bottom, const at::Tensor& pooled,
                                      std::int64_t dim) {
  return DotInteraction::apply(bottom.contiguous(), pooled.contiguous(), dim);
}

}  // namespace shardwright
