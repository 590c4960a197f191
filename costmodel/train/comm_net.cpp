#include "costmodel/train/comm_net.hpp"

#include <cmath>

namespace shardwright {
namespace {

torch::Tensor column(const std::vector<double>& values) {
  return torch::tensor(values, torch::kFloat64).unsqueeze(1);
}

torch::Tensor centred_steps(const std::vector<double>& knots) {
  const auto count = static_cast<std::int64_t>(knots.size());
  torch::Tensor steps = torch::zeros({count - 1, count}, torch::kFloat64);
  auto step = steps.accessor<double, 2>();
  for (std::int64_t j = 0; j + 1 < count; ++j) {
    const auto at = static_cast<std::size_t>(j);
    const double size = std::sqrt(std::log2(knots[at + 1] / knots[at]));
    const double mean = static_cast<double>(count - 1 - j) / static_cast<double>(count);
    for (std::int64_t k = 0; k < count; ++k) step[j][k] = size * ((k > j ? 1.0 : 0.0) - mean);
  }
  return steps;
}

}  // namespace

CommNet::CommNet(const std::vector<double>& knots, const std::vector<double>& level_sd,
                 const std::vector<double>& step_sd, const torch::Tensor& means)
    : level_sd_(column(level_sd)),
      step_sd_(column(step_sd)),
      steps_(centred_steps(knots)),
      means_(means),
      parameters_(torch::zeros_like(means).requires_grad_(true)) {}

void CommNet::set_parameters(const torch::Tensor& values) {
  const torch::NoGradGuard no_grad;
  parameters_.copy_(values);
}

torch::Tensor CommNet::curves() const {
  const torch::Tensor level = parameters_.slice(1, 0, 1) * level_sd_;
  const torch::Tensor shape = torch::matmul(parameters_.slice(1, 1), steps_) * step_sd_;
  return means_ + level + shape;
}

CommBatch::CommBatch(const CommDesign& design)
    : factors(torch::tensor(design.factors, torch::kFloat64)
                  .reshape({design.num_cells, design.num_curves})),
      cell(torch::tensor(design.cell, torch::kInt64)),
      low(torch::tensor(design.low, torch::kInt64)),
      along(torch::tensor(design.along, torch::kFloat64)),
      size_ratio(torch::tensor(design.size_ratio, torch::kFloat64)),
      log_time(torch::tensor(design.log_time, torch::kFloat64)) {}

torch::Tensor CommBatch::forward(const torch::Tensor& curves) const {
  const torch::Tensor times = torch::matmul(factors, curves).exp();
  const torch::Tensor place = cell * times.size(1) + low;
  const torch::Tensor flat = times.flatten();
  const torch::Tensor below = flat.index_select(0, place);
  const torch::Tensor above = flat.index_select(0, place + 1);
  const torch::Tensor rise = above - below;
  const torch::Tensor between = below + along * rise;
  const torch::Tensor beyond = above + (along - 1) * torch::maximum(rise, 0.5 * above * size_ratio);
  return torch::where(along <= 1, between, beyond).log();
}

}  // namespace shardwright
