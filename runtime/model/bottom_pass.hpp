#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

namespace shardwright {

/// The way of a batch through layers that need its dense features alone, forward and backward. It
/// is cut between layers, so that something else can be done there; values and gradients have the
/// same bits as uncut.
class BottomPass {
 public:
  using Layer = std::function<at::Tensor(const at::Tensor& input)>;
  using Between = std::function<void()>;

  /// Returns what the last layer makes, as a leaf whose grad() backward() takes; without layers the
  /// features themselves. Calls `between`, which may be empty, after each layer.
  at::Tensor forward(const std::vector<Layer>& layers, const at::Tensor& features,
                     const Between& between);
  /// Once the leaf has its gradient: adds the gradients of the layers' parameters to theirs. Calls
  /// `between` after each layer. Does nothing if no layer was passed.
  void backward(const Between& between);

 private:
  struct Passed {
    at::Tensor output;
    at::Tensor leaf;  ///< the same values, what follows begins at
  };
  std::vector<Passed> passed_;
};

}  // namespace shardwright
