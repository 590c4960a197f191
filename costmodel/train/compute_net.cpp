#include "costmodel/train/compute_net.hpp"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace shardwright {
namespace {

torch::Tensor tensor_of(const std::vector<double>& values) {
  return torch::tensor(values, torch::kFloat64);
}

void append_features(const ComputeModel& model, const ShardWork& work, const MachineSpeeds& speeds,
                     std::vector<double>& out) {
  const auto append = [&](const auto& features) {
    for (std::size_t i = 0; i < features.size(); ++i) {
      out.push_back((features[i] - model.mean[i]) / model.deviation[i]);
    }
  };
  if (model.architecture == ComputeArchitecture::neuroshard) {
    append(neuroshard_features(work));
  } else {
    append(shard_features(work, speeds));
  }
}

// What the head's last inputs are made of: the bytes of pooled values, and what writing them takes.
void append_output(const ComputeExample& example, std::vector<double>& out) {
  std::vector<double> state(state_codes + kNumCodes);
  for (const ShardWork& work : example.works) add_output_to_state(work, state);
  out.insert(out.end(), {state[state_output], writing_ms(state, Conditions{}.sources)});
}

std::vector<double> values_of(const torch::Tensor& tensor) {
  const torch::Tensor flat = tensor.detach().contiguous().view(-1);
  const auto* data = flat.data_ptr<double>();
  return {data, data + flat.numel()};
}

}  // namespace

ComputeBatch::ComputeBatch(const ComputeModel& model, const ComputeExamples& examples) {
  std::vector<double> all_features;
  std::vector<double> base;
  std::vector<double> bytes;
  std::vector<std::int64_t> owner;
  std::vector<double> calls;
  std::vector<double> outputs;
  std::vector<double> all_speeds;
  std::vector<double> ranks;
  std::vector<double> logs;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    auto& mine = tables.emplace_back();
    const MachineSpeeds its = machine_speeds(model, examples[i]->timing.probe);
    for (const ShardWork& work : examples[i]->works) {
      append_features(model, work, its, all_features);
      const ComputeTimes times = roofline_times(model.roofline, at_speeds(work_terms(work), its));
      base.insert(base.end(), {times.forward_ms, times.backward_ms});
      bytes.push_back(work.touched_bytes());
      mine.push_back(static_cast<std::int64_t>(owner.size()));
      owner.push_back(static_cast<std::int64_t>(i));
    }
    append_output(*examples[i], outputs);
    const ComputeTimes call = call_times(model.roofline, its);
    calls.insert(calls.end(), {call.forward_ms, call.backward_ms});
    all_speeds.insert(all_speeds.end(), its.seen.begin(), its.seen.end());
    ranks.push_back(std::log2(static_cast<double>(examples[i]->timing.busy_ranks)));
    logs.push_back(std::log(examples[i]->timing.forward_ms));
    logs.push_back(std::log(examples[i]->timing.backward_ms));
  }
  const auto count = static_cast<std::int64_t>(owner.size());
  features = tensor_of(all_features).view({count, -1});
  base_ms = tensor_of(base).view({count, 2});
  call_ms = tensor_of(calls).view({-1, 2});
  speeds = tensor_of(all_speeds).view({-1, static_cast<std::int64_t>(kNumProbes)});
  touched = tensor_of(bytes);
  output = tensor_of(outputs).view({-1, static_cast<std::int64_t>(kNumOutputInputs)});
  example = torch::tensor(owner, torch::kInt64);
  busy = tensor_of(ranks);
  log_ms = tensor_of(logs).view({-1, 2});
}

ComputeBatch ComputeBatch::select(const torch::Tensor& examples) const {
  std::vector<std::int64_t> rows;
  std::vector<std::int64_t> owner;
  ComputeBatch part;
  for (std::int64_t i = 0; i < examples.numel(); ++i) {
    const auto& mine = tables[static_cast<std::size_t>(examples[i].item<std::int64_t>())];
    auto& its = part.tables.emplace_back();
    for (const std::int64_t table : mine) {
      its.push_back(static_cast<std::int64_t>(rows.size()));
      rows.push_back(table);
      owner.push_back(i);
    }
  }
  const torch::Tensor index = torch::tensor(rows, torch::kInt64);
  part.features = features.index_select(0, index);
  part.base_ms = base_ms.index_select(0, index);
  part.call_ms = call_ms.index_select(0, examples);
  part.speeds = speeds.index_select(0, examples);
  part.touched = touched.index_select(0, index);
  part.output = output.index_select(0, examples);
  part.example = torch::tensor(owner, torch::kInt64);
  part.busy = busy.index_select(0, examples);
  part.log_ms = log_ms.index_select(0, examples);
  return part;
}

ComputeNet::ComputeNet(const ComputeModel& model)
    : architecture_(model.architecture), encoder_(load(model.encoder)), head_(load(model.head)) {}

std::vector<ComputeNet::Layer> ComputeNet::load(const std::vector<DenseLayer>& layers) {
  std::vector<Layer> loaded;
  for (const DenseLayer& layer : layers) {
    loaded.push_back({tensor_of(layer.weights).view({-1, static_cast<std::int64_t>(layer.inputs)}),
                      tensor_of(layer.bias)});
    loaded.back().weights.requires_grad_();
    loaded.back().bias.requires_grad_();
  }
  return loaded;
}

std::vector<torch::Tensor> ComputeNet::parameters() const {
  std::vector<torch::Tensor> all;
  for (const auto* layers : {&encoder_, &head_}) {
    for (const Layer& layer : *layers) all.insert(all.end(), {layer.weights, layer.bias});
  }
  return all;
}

torch::Tensor ComputeNet::run(const std::vector<Layer>& layers, torch::Tensor x, bool relu_at_end) {
  for (std::size_t i = 0; i < layers.size(); ++i) {
    x = torch::addmm(layers[i].bias, x, layers[i].weights.t());
    if (relu_at_end || i + 1 < layers.size()) x = torch::relu(x);
  }
  return x;
}

torch::Tensor ComputeNet::residual(const ComputeBatch& batch) const {
  const std::int64_t examples = batch.busy.numel();
  const auto sum = [&](const torch::Tensor& per_table) {
    return torch::zeros({examples, per_table.size(1)}, torch::kFloat64)
        .index_add(0, batch.example, per_table);
  };
  const torch::Tensor out = run(encoder_, batch.features, false);
  const torch::Tensor ms =
      batch.base_ms * torch::exp(kMostShardCorrection * torch::tanh(out.narrow(1, 0, 2)));
  const torch::Tensor both = ms.sum(1, true);
  const torch::Tensor codes =
      both * torch::sigmoid(out.narrow(1, 2, static_cast<std::int64_t>(kNumCodes)));
  const torch::Tensor ms_sum = sum(ms);
  const torch::Tensor total = ms_sum.sum(1, true);
  const torch::Tensor call_and_sum = batch.call_ms + ms_sum;
  constexpr double kScale = 0.3;  // as in head_inputs()
  const torch::Tensor output = kScale * (torch::log1p(batch.output.narrow(1, 0, 1)) - 16);
  const torch::Tensor writing = batch.output.narrow(1, 1, 1);
  const torch::Tensor inputs = torch::cat(
      {kScale * torch::log(ms_sum), kScale * torch::log(sum(torch::ones_like(both))),
       kScale * (torch::log1p(sum(batch.touched.unsqueeze(1))) - 16),
       ms_sum.narrow(1, 1, 1) / total, batch.busy.unsqueeze(1), torch::log(ms_sum / call_and_sum),
       sum(codes) / total, batch.speeds, output, writing / (writing + ms_sum.narrow(1, 0, 1))},
      1);
  return torch::log(call_and_sum) + kMostRankCorrection * torch::tanh(run(head_, inputs, false));
}

torch::Tensor ComputeNet::forward(const ComputeBatch& batch) const {
  if (architecture_ == ComputeArchitecture::roofline_residual) return residual(batch);
  const torch::Tensor code = run(encoder_, batch.features, true);
  const torch::Tensor state = torch::zeros({batch.busy.numel(), code.size(1)}, torch::kFloat64)
                                  .index_add(0, batch.example, code);
  return run(head_, state, false);
}

ComputeModel ComputeNet::store(ComputeModel model) const {
  const auto put = [](const std::vector<Layer>& from, std::vector<DenseLayer>& to) {
    for (std::size_t i = 0; i < from.size(); ++i) {
      to[i].weights = values_of(from[i].weights);
      to[i].bias = values_of(from[i].bias);
    }
  };
  put(encoder_, model.encoder);
  put(head_, model.head);
  return model;
}

std::vector<DenseLayer> random_layers(const std::vector<std::size_t>& sizes) {
  std::vector<DenseLayer> layers;
  for (std::size_t i = 0; i + 1 < sizes.size(); ++i) {
    const double bound = 1 / std::sqrt(static_cast<double>(sizes[i]));
    const auto draw = [&](std::size_t count) {
      return values_of(torch::empty({static_cast<std::int64_t>(count)}, torch::kFloat64)
                           .uniform_(-bound, bound));
    };
    layers.push_back({sizes[i], draw(sizes[i] * sizes[i + 1]), draw(sizes[i + 1])});
  }
  return layers;
}

}  // namespace shardwright
