#include "costmodel/compute/compute_model.hpp"

#include "costmodel/names.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace shardwright {
namespace {

constexpr Names<ComputeArchitecture, 2> kArchitectures = {{
    {ComputeArchitecture::roofline_residual, "roofline_residual"},
    {ComputeArchitecture::neuroshard, "neuroshard"},
}};

constexpr std::size_t kWidest = 256;  // of a layer; the reader of files checks it
using Buffer = std::array<double, kWidest>;

double dot(const double* a, const double* b, std::size_t count) {
  // Four sums at a time, which vector registers hold.
  std::array<double, 4> sums{};
  std::size_t i = 0;
  for (; i + 4 <= count; i += 4) {
    for (std::size_t k = 0; k < 4; ++k) sums[k] += a[i + k] * b[i + k];
  }
  for (; i < count; ++i) sums[0] += a[i] * b[i];
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

void apply(const DenseLayer& layer, const double* x, bool relu, double* y) {
  for (std::size_t o = 0; o < layer.bias.size(); ++o) {
    const double value = layer.bias[o] + dot(&layer.weights[o * layer.inputs], x, layer.inputs);
    y[o] = relu ? std::max(value, 0.0) : value;
  }
}

// Runs the layers over `values`, in place; ReLU between them, and after the last if asked for.
void run(const std::vector<DenseLayer>& layers, bool relu_at_end, Buffer& values) {
  Buffer next;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    apply(layers[i], values.data(), relu_at_end || i + 1 < layers.size(), next.data());
    std::copy_n(next.begin(), layers[i].bias.size(), values.begin());
  }
}

template <std::size_t N>
void normalize(const ComputeModel& model, const std::array<double, N>& features, Buffer& values) {
  for (std::size_t i = 0; i < N; ++i)
    values[i] = (features[i] - model.mean[i]) / model.deviation[i];
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// ln(rate / reference) within the rates of the training timings.
double within_training(const ComputeModel& model, std::size_t k, double speed) {
  const auto seen = model.training.ranges.find(probe_column(k));
  if (seen == model.training.ranges.end()) return speed;
  const double reference = model.reference.rates[k];
  return std::clamp(speed, std::log(seen->second.least / reference),
                    std::log(seen->second.most / reference));
}

void add_residual(const ComputeModel& model, const ShardWork& work, const MachineSpeeds& speeds,
                  std::span<double> state) {
  const ComputeTimes base = roofline_times(model.roofline, at_speeds(work_terms(work), speeds));
  Buffer values;
  normalize(model, shard_features(work, speeds), values);
  run(model.encoder, false, values);
  const double forward = base.forward_ms * std::exp(kMostShardCorrection * std::tanh(values[0]));
  const double backward = base.backward_ms * std::exp(kMostShardCorrection * std::tanh(values[1]));
  state[state_forward_ms] += forward;
  state[state_backward_ms] += backward;
  state[state_shards] += 1;
  state[state_touched] += work.touched_bytes();
  add_output_to_state(work, state);
  for (std::size_t code = 0; code < kNumCodes; ++code) {
    state[state_codes + code] += (forward + backward) * sigmoid(values[2 + code]);
  }
}

ComputeTimes price_residual(const ComputeModel& model, std::span<const double> state,
                            const Conditions& conditions) {
  const ComputeTimes call = call_times(model.roofline, conditions.speeds);
  Buffer values;
  head_inputs(state, call, conditions, values);
  run(model.head, false, values);
  return {(call.forward_ms + state[state_forward_ms]) *
              std::exp(kMostRankCorrection * std::tanh(values[0])),
          (call.backward_ms + state[state_backward_ms]) *
              std::exp(kMostRankCorrection * std::tanh(values[1]))};
}

void add_neuroshard(const ComputeModel& model, const ShardWork& work, std::span<double> state) {
  Buffer values;
  normalize(model, neuroshard_features(work), values);
  run(model.encoder, true, values);
  for (std::size_t i = 0; i + 1 < state.size(); ++i) state[i] += values[i];
  state.back() += 1;
}

}  // namespace

std::string_view to_string(ComputeArchitecture architecture) {
  return name_of(architecture, kArchitectures);
}

ComputeArchitecture parse_compute_architecture(std::string_view name) {
  return value_of(name, kArchitectures, "architecture");
}

ComputeTimes roofline_times(const Roofline& roofline, const WorkTerms& terms) {
  return {
      std::inner_product(terms.forward.begin(), terms.forward.end(), roofline.forward.begin(), 0.0),
      std::inner_product(terms.backward.begin(), terms.backward.end(), roofline.backward.begin(),
                         0.0)};
}

ComputeTimes call_times(const Roofline& roofline, const MachineSpeeds& speeds) {
  return {speeds.core_time * roofline.forward[WorkTerms::kForward],
          speeds.core_time * roofline.backward[WorkTerms::kBackward]};
}

void add_output_to_state(const ShardWork& work, std::span<double> state) {
  state[state_output] += work.output_bytes();
  state[state_ragged] += work.output_bytes() > 0 && !work.fills_lines() ? 1 : 0;
}

MachineSpeeds machine_speeds(const ComputeModel& model, const MachineProbe& probe) {
  const MachineProbe& actual = probe.known() ? probe : model.usual;
  if (!actual.known() || !model.reference.known()) return {};
  const Speeds speeds = relative_speeds(actual, model.reference);
  MachineSpeeds machine{std::exp(-speeds[probe_gather]), std::exp(-speeds[probe_fma]), speeds};
  for (std::size_t k = 0; k < kNumProbes; ++k) {
    machine.seen[k] = within_training(model, k, speeds[k]);
  }
  return machine;
}

std::size_t state_size(const ComputeModel& model) {
  if (model.architecture == ComputeArchitecture::roofline_residual) return state_codes + kNumCodes;
  return model.encoder.back().bias.size() + 1;  // and the number of shards
}

void add_to_state(const ComputeModel& model, const ShardWork& work, const MachineSpeeds& speeds,
                  std::span<double> state) {
  if (model.architecture == ComputeArchitecture::neuroshard) {
    add_neuroshard(model, work, state);
  } else {
    add_residual(model, work, speeds, state);
  }
}

std::size_t num_head_inputs(const ComputeModel& model) {
  return model.architecture == ComputeArchitecture::neuroshard
             ? state_size(model) - 1
             : kNumCodes + 8 + kNumProbes + kNumOutputInputs;
}

bool goes_past_caches(std::span<const double> state, double sources) {
  constexpr double kSecondCache = 1 << 21;
  return state[state_output] > sources * kSecondCache && state[state_ragged] < 1;
}

double writing_ms(std::span<const double> state, double sources) {
  constexpr double kBytesPerMs = 1e7;
  return goes_past_caches(state, sources) ? state[state_output] / kBytesPerMs : 0;
}

void head_inputs(std::span<const double> state, const ComputeTimes& call,
                 const Conditions& conditions, std::span<double> inputs) {
  constexpr double kScale = 0.3;  // logarithms to the size of 1
  const double total = state[state_forward_ms] + state[state_backward_ms];
  inputs[0] = kScale * std::log(state[state_forward_ms]);
  inputs[1] = kScale * std::log(state[state_backward_ms]);
  inputs[2] = kScale * std::log(state[state_shards]);
  inputs[3] = kScale * (std::log1p(state[state_touched]) - 16);
  inputs[4] = state[state_backward_ms] / total;
  inputs[5] = std::log2(conditions.busy_ranks);
  inputs[6] = std::log(state[state_forward_ms] / (call.forward_ms + state[state_forward_ms]));
  inputs[7] = std::log(state[state_backward_ms] / (call.backward_ms + state[state_backward_ms]));
  for (std::size_t code = 0; code < kNumCodes; ++code)
    inputs[8 + code] = state[state_codes + code] / total;
  const Speeds& seen = conditions.speeds.seen;
  const auto last = std::copy(seen.begin(), seen.end(), inputs.begin() + 8 + kNumCodes);
  last[0] = kScale * (std::log1p(state[state_output]) - 16);
  const double writing = writing_ms(state, conditions.sources);
  last[1] = writing / (writing + state[state_forward_ms]);
}

ComputeTimes price_state(const ComputeModel& model, std::span<const double> state,
                         const Conditions& conditions) {
  if (model.architecture == ComputeArchitecture::roofline_residual) {
    return state[state_shards] > 0 ? price_residual(model, state, conditions) : ComputeTimes{};
  }
  if (state.back() <= 0) return {};
  Buffer values;
  std::copy(state.begin(), state.end() - 1, values.begin());
  run(model.head, false, values);
  return {std::max(values[0], 0.0), 0};
}

}  // namespace shardwright
