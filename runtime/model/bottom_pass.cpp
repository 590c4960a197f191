#include "runtime/model/bottom_pass.hpp"

#include <utility>

namespace shardwright {

at::Tensor BottomPass::forward(const std::vector<Layer>& layers, const at::Tensor& features,
                               const Between& between) {
  passed_.clear();
  at::Tensor input = features;
  for (const Layer& layer : layers) {
    const at::Tensor output = layer(input);
    input = output.detach();
    input.set_requires_grad(true);
    passed_.push_back({output, input});
    if (between) between();
  }
  return input;
}

void BottomPass::backward(const Between& between) {
  const std::vector<Passed> passed = std::exchange(passed_, {});
  for (auto layer = passed.rbegin(); layer != passed.rend(); ++layer) {
    layer->output.backward(layer->leaf.grad());
    if (between) between();
  }
}

}  // namespace shardwright
