#include "runtime/model/dense_parameters.hpp"

#include "costmodel/errors.hpp"
#include "runtime/embedding/named_uniform.hpp"

#include <cmath>
#include <functional>
#include <numeric>

// No fmt here: this library also has LibTorch's include path, where another fmt may lie.

namespace shardwright {
namespace {

/// Appends the layers of one MLP and returns its output width.
std::int64_t append_mlp(const std::string& name, std::int64_t in,
                        const std::vector<std::int64_t>& widths,
                        std::vector<DenseParameterSpec>& specs) {
  for (std::size_t i = 0; i < widths.size(); ++i) {
    const std::int64_t out = widths[i];
    if (out < 1) {
      throw InputError(name + "_mlp[" + std::to_string(i) + "] is " + std::to_string(out) +
                       ", expected a width of at least 1.");
    }
    const std::string layer = name + "." + std::to_string(i);
    const double fan = static_cast<double>(in + out);
    specs.push_back({layer + ".weight", {out, in}, static_cast<float>(std::sqrt(6.0 / fan))});
    specs.push_back(
        {layer + ".bias", {out}, static_cast<float>(1.0 / std::sqrt(static_cast<double>(out)))});
    in = out;
  }
  return in;
}

/// Appends a DCNv2's cross layers, each [rank, width], [width, rank] and a bias that begins as
/// zero.
void append_cross_layers(const DlrmConfig& config, std::vector<DenseParameterSpec>& specs) {
  const std::int64_t width = interaction_width(config);
  const std::int64_t rank = config.cross_rank;
  if (rank < 1) throw InputError("cross_rank is " + std::to_string(rank) + ", expected 1 or more.");
  const auto scale =
      static_cast<float>(std::sqrt(6.0 / (static_cast<double>(width) + static_cast<double>(rank))));
  for (std::int64_t i = 0; i < config.cross_layers; ++i) {
    const std::string layer = "cross." + std::to_string(i);
    specs.push_back({layer + ".v", {rank, width}, scale});
    specs.push_back({layer + ".w", {width, rank}, scale});
    specs.push_back({layer + ".bias", {width}, 0});
  }
}

void require_widths(const DlrmConfig& config) {
  if (config.num_dense > 0 &&
      (config.bottom_mlp.empty() || config.bottom_mlp.back() != config.embedding_dim)) {
    throw InputError("bottom_mlp must end in the embedding dimension, which is " +
                     std::to_string(config.embedding_dim) + " here" +
                     (config.bottom_mlp.empty()
                          ? "; it is empty."
                          : "; it ends in " + std::to_string(config.bottom_mlp.back()) + "."));
  }
  if (config.top_mlp.empty() || config.top_mlp.back() != 1) {
    throw InputError("top_mlp must end in 1, the logit" +
                     (config.top_mlp.empty()
                          ? std::string("; it is empty.")
                          : "; it ends in " + std::to_string(config.top_mlp.back()) + "."));
  }
  if (interaction_width(config) == 0) {
    throw InputError(
        "A model without dense features needs at least two embedding features to interact; the "
        "data has " +
        std::to_string(config.num_features) + ".");
  }
}

// Every rank holds all of them, with their gradients and optimizer state: 64 GiB of weights alone.
constexpr std::int64_t kMostParameters = std::int64_t{1} << 34;

void require_sane_size(const std::vector<DenseParameterSpec>& specs) {
  std::int64_t total = 0;
  for (const DenseParameterSpec& spec : specs) {
    total += spec.size();  // widths are at most 2^20, so that one size cannot overflow
    if (total <= kMostParameters) continue;
    throw InputError("bottom_mlp, top_mlp and cross layers make more than " +
                     std::to_string(kMostParameters) +
                     " parameters, of which every rank would need a copy (" + spec.name +
                     " alone has " + std::to_string(spec.size()) + "). Use narrower layers.");
  }
}

}  // namespace

std::int64_t DenseParameterSpec::size() const {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

std::int64_t interaction_width(const DlrmConfig& config) {
  const std::int64_t vectors = config.num_features + (config.num_dense > 0 ? 1 : 0);
  if (config.cross_layers > 0) return vectors * config.embedding_dim;
  return (config.num_dense > 0 ? config.embedding_dim : 0) + vectors * (vectors - 1) / 2;
}

std::vector<DenseParameterSpec> dense_parameters(const DlrmConfig& config) {
  require_widths(config);
  std::vector<DenseParameterSpec> specs;
  if (config.num_dense > 0) append_mlp("bottom", config.num_dense, config.bottom_mlp, specs);
  if (config.cross_layers > 0) append_cross_layers(config, specs);
  append_mlp("top", interaction_width(config), config.top_mlp, specs);
  require_sane_size(specs);
  return specs;
}

std::vector<float> initial_values(const DenseParameterSpec& parameter, std::uint64_t seed) {
  const NamedUniform uniform(seed, parameter.name);
  std::vector<float> values(static_cast<std::size_t>(parameter.size()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto row = static_cast<std::int64_t>(i);
    values[i] = NamedUniform::value(uniform.row_key(row), 0, parameter.scale);
  }
  return values;
}

}  // namespace shardwright
