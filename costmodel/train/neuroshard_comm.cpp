#include "costmodel/train/neuroshard_comm.hpp"

#include "costmodel/errors.hpp"
#include "costmodel/train/one_thread.hpp"
#include "costmodel/train/weights.hpp"

#include <fmt/format.h>
#include <torch/optim/adam.h>
#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <map>
#include <string>
#include <tuple>

namespace shardwright {
namespace {

constexpr std::array<std::int64_t, 4> kHidden = {128, 64, 32, 16};
constexpr double kLearningRate = 1e-3;
constexpr std::size_t kEveryForValidation = 10;
constexpr double kUsPerMs = 1000;

using Rows = std::vector<const CommTiming*>;
using NetKey = std::tuple<CommSetting, CollectiveKind, std::int64_t, std::int64_t>;

NetKey key_of_net(const CommTiming& row) {
  return {row.setting, row.call.operation, row.call.ranks, row.call.nodes};
}

// Sizes of the ranks, then their start delays; rank 0 is the one that the timing is of.
std::vector<double> inputs_of(const CollectiveCall& call) {
  const auto ranks = static_cast<double>(call.ranks);
  const double others = std::max((ranks * mean_bytes(call) - call.bytes) / (ranks - 1), 0.0);
  std::vector<double> inputs(static_cast<std::size_t>(2 * call.ranks));
  std::fill_n(inputs.begin(), call.ranks, others);
  inputs[0] = call.bytes;
  inputs.back() = call.wait_us / kUsPerMs;  // of the last one to come
  return inputs;
}

// Whether all ranks take the row's time.
bool is_even(const CollectiveCall& call) { return evenness(call) == 1 && call.wait_us == 0; }

struct Samples {
  torch::Tensor inputs;   // [row][2 · ranks]
  torch::Tensor ms;       // [row][rank]
  torch::Tensor counted;  // [row][rank], 1 where ms is known
};

Samples samples_of(const Rows& rows) {
  std::vector<double> inputs;
  std::vector<double> ms;
  std::vector<double> counted;
  for (const CommTiming* row : rows) {
    const std::vector<double> values = inputs_of(row->call);
    inputs.insert(inputs.end(), values.begin(), values.end());
    for (std::int64_t rank = 0; rank < row->call.ranks; ++rank) {
      ms.push_back(row->time_us / kUsPerMs);
      counted.push_back(rank == 0 || is_even(row->call) ? 1 : 0);
    }
  }
  const auto count = static_cast<std::int64_t>(rows.size());
  const auto tensor = [&](const std::vector<double>& values) {
    return torch::tensor(values, torch::kFloat64).view({count, -1});
  };
  return {tensor(inputs), tensor(ms), tensor(counted)};
}

class Net {
 public:
  Net(std::int64_t ranks, const torch::Tensor& inputs)
      : mean_(inputs.mean(0)), deviation_(inputs.std(0) + 1e-6) {
    std::int64_t width = 2 * ranks;
    for (const std::int64_t next : kHidden) {
      layers_->push_back(torch::nn::Linear(width, next));
      layers_->push_back(torch::nn::ReLU());
      width = next;
    }
    layers_->push_back(torch::nn::Linear(width, ranks));
    layers_->to(torch::kFloat64);
  }

  torch::Tensor forward(const torch::Tensor& inputs) {
    return layers_->forward((inputs - mean_) / deviation_);
  }
  torch::Tensor loss(const Samples& samples) {
    const torch::Tensor miss = (forward(samples.inputs) - samples.ms) * samples.counted;
    return miss.square().sum() / samples.counted.sum();
  }
  Tensors parameters() const { return layers_->parameters(); }

 private:
  torch::Tensor mean_;
  torch::Tensor deviation_;
  torch::nn::Sequential layers_;
};

void train(Net& net, const Samples& training, const Samples& validation, std::int64_t epochs) {
  torch::optim::Adam adam(net.parameters(), torch::optim::AdamOptions(kLearningRate));
  double least = std::numeric_limits<double>::infinity();
  Tensors best = copies_of(net.parameters());
  for (std::int64_t epoch = 0; epoch < epochs; ++epoch) {
    adam.zero_grad();
    net.loss(training).backward();
    adam.step();
    const torch::NoGradGuard no_grad;
    const double error = net.loss(validation).item<double>();
    if (error >= least) continue;
    least = error;
    best = copies_of(net.parameters());
  }
  put_values(best, net.parameters());
}

std::string name_of(const NetKey& key) {
  const auto& [setting, operation, ranks, nodes] = key;
  return fmt::format("{} on {} ranks of {} node(s), {}, {}", to_string(operation), ranks, nodes,
                     fabric_of(setting), setting.library);
}

Net trained_net(const NetKey& key, const Rows& rows, std::int64_t epochs) {
  Rows training;
  Rows validation;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    (i % kEveryForValidation == 0 ? validation : training).push_back(rows[i]);
  }
  if (rows.size() < kEveryForValidation) {
    throw InputError(fmt::format("There are {} timings of {}; a net of its own needs {}.",
                                 rows.size(), name_of(key), kEveryForValidation));
  }
  const Samples samples = samples_of(training);
  Net net(std::get<2>(key), samples.inputs);
  train(net, samples, samples_of(validation), epochs);
  return net;
}

double shortest_us(const Rows& rows) {
  return (*std::min_element(rows.begin(), rows.end(),
                            [](const auto* a, const auto* b) { return a->time_us < b->time_us; }))
      ->time_us;
}

}  // namespace

std::vector<double> neuroshard_comm_us(std::span<const CommTiming> rows,
                                       std::span<const CommTiming> asked,
                                       const NeuroshardCommOptions& options) {
  const OneThread one_thread;
  torch::manual_seed(options.seed);
  std::map<NetKey, Rows> known;
  std::map<NetKey, std::vector<std::size_t>> wanted;
  for (const CommTiming& row : rows) known[key_of_net(row)].push_back(&row);
  for (std::size_t i = 0; i < asked.size(); ++i) wanted[key_of_net(asked[i])].push_back(i);
  std::vector<double> predicted(asked.size());
  for (const auto& [key, indices] : wanted) {
    const Rows& own = known[key];
    Net net = trained_net(key, own, options.epochs);
    Rows questions;
    for (const std::size_t i : indices) questions.push_back(&asked[i]);
    const torch::NoGradGuard no_grad;
    const torch::Tensor ms = net.forward(samples_of(questions).inputs);
    const double shortest = shortest_us(own);
    for (std::size_t q = 0; q < indices.size(); ++q) {
      const double us = ms[static_cast<std::int64_t>(q)][0].item<double>() * kUsPerMs;
      predicted[indices[q]] = std::max(us, shortest);
    }
  }
  return predicted;
}

}  // namespace shardwright
