#include "model.hpp"

#include "initial_weights.hpp"
#include "row_optimizer.hpp"

#include <torch/nn.h>
#include <torch/optim.h>

#include <cmath>
#include <optional>

namespace reference {
namespace {

namespace F = torch::nn::functional;
using torch::Tensor;
using torch::indexing::Slice;

Tensor view(const std::vector<std::int64_t>& column) {
  return torch::from_blob(const_cast<std::int64_t*>(column.data()),
                          {static_cast<std::int64_t>(column.size())}, torch::kInt64);
}

Tensor view(const std::vector<float>& column) {
  return torch::from_blob(const_cast<float*>(column.data()),
                          {static_cast<std::int64_t>(column.size())});
}

Tensor initial(const Settings& settings, const std::string& name, std::int64_t rows,
               std::int64_t columns, double scale) {
  const auto values =
      initial_weights(settings.seed, name, rows, columns, static_cast<float>(scale));
  return view(values).reshape({rows, columns}).clone();
}

/// Linear layers of the widths `in`, widths[0], …, ReLU between them.
struct Mlp {
  std::vector<torch::nn::Linear> layers;
  bool activate_last = true;

  Mlp(const Settings& settings, const std::string& name, std::int64_t in,
      const std::vector<std::int64_t>& widths, bool activate_last_layer)
      : activate_last(activate_last_layer) {
    const torch::NoGradGuard no_grad;
    for (std::size_t i = 0; i < widths.size(); in = widths[i], ++i) {
      const std::string layer = name + "." + std::to_string(i);
      const auto fan_in = static_cast<double>(in);
      const auto fan_out = static_cast<double>(widths[i]);
      layers.emplace_back(in, widths[i]);
      const Tensor weight = initial(settings, layer + ".weight", widths[i] * in, 1,
                                    std::sqrt(6.0 / (fan_in + fan_out)));
      layers.back()->weight.copy_(weight.reshape({widths[i], in}));
      const Tensor bias = initial(settings, layer + ".bias", widths[i], 1, 1 / std::sqrt(fan_out));
      layers.back()->bias.copy_(bias.flatten());
    }
  }

  Tensor forward(Tensor x) {
    for (std::size_t i = 0; i < layers.size(); ++i) {
      x = layers[i]->forward(x);
      if (activate_last || i + 1 < layers.size()) x = torch::relu(x);
    }
    return x;
  }

  void collect(std::vector<Tensor>& parameters) const {
    for (const auto& layer : layers) {
      parameters.push_back(layer->weight);
      parameters.push_back(layer->bias);
    }
  }
};

/// Low-rank cross layers, x0 ⊙ (W·V·x + b) + x.
struct CrossNet {
  struct Layer {
    Tensor v;
    Tensor w;
    Tensor bias;
  };
  std::vector<Layer> layers;

  CrossNet(const Settings& settings, std::int64_t width) {
    const std::int64_t rank = settings.cross_rank;
    const double scale = std::sqrt(6.0 / static_cast<double>(width + rank));
    for (std::int64_t i = 0; i < settings.cross_layers; ++i) {
      const std::string name = "cross." + std::to_string(i);
      const Tensor v = initial(settings, name + ".v", rank * width, 1, scale);
      const Tensor w = initial(settings, name + ".w", width * rank, 1, scale);
      layers.push_back({v.reshape({rank, width}).requires_grad_(),
                        w.reshape({width, rank}).requires_grad_(),
                        torch::zeros({width}).requires_grad_()});
    }
  }

  Tensor forward(const Tensor& x0) const {
    Tensor x = x0;
    for (const Layer& layer : layers) {
      x = x0 * (x.matmul(layer.v.t()).matmul(layer.w.t()) + layer.bias) + x;
    }
    return x;
  }

  void collect(std::vector<Tensor>& parameters) const {
    for (const Layer& layer : layers) {
      for (const Tensor& tensor : {layer.v, layer.w, layer.bias}) parameters.push_back(tensor);
    }
  }
};

std::unique_ptr<torch::optim::Optimizer> library_optimizer_of(
    Optimizer kind, const OptimizerSettings& o, const std::vector<Tensor>& parameters) {
  namespace optim = torch::optim;
  switch (kind) {
    case Optimizer::sgd:
      return std::make_unique<optim::SGD>(
          parameters, optim::SGDOptions(0).momentum(o.momentum).weight_decay(o.weight_decay));
    case Optimizer::adam:
      return std::make_unique<optim::Adam>(
          parameters,
          optim::AdamOptions().betas({o.beta1, o.beta2}).eps(o.eps).weight_decay(o.weight_decay));
    default:
      return std::make_unique<optim::Adagrad>(
          parameters, optim::AdagradOptions()
                          .eps(o.eps)
                          .weight_decay(o.weight_decay)
                          .initial_accumulator_value(o.initial_accumulator));
  }
}

/// One embedding table and the optimizer that its kind asks for.
struct EmbeddingTable {
  Pooling pooling;
  Tensor weight;
  std::unique_ptr<torch::optim::Optimizer> library_optimizer;
  std::optional<RowOptimizer> row_optimizer;

  EmbeddingTable(const Settings& settings, const Table& table)
      : pooling(table.pooling),
        weight(initial(settings, table.name, table.rows, settings.embedding_dim,
                       1 / std::sqrt(static_cast<double>(table.rows)))
                   .requires_grad_()) {
    const OptimizerSettings& o = table.settings;
    const bool has_library =
        table.optimizer == Optimizer::sgd || table.optimizer == Optimizer::adagrad;
    // LibTorch's optimizers would move rows that no id names, or take no sparse gradients.
    if (!has_library || o.momentum != 0 || o.weight_decay != 0) {
      row_optimizer.emplace(weight, table.optimizer, o);
    } else {
      library_optimizer = library_optimizer_of(table.optimizer, o, {weight});
    }
  }

  /// Pools the bags of samples [begin, end) of a feature: [end - begin, dim].
  Tensor pool(const Feature& feature, std::int64_t begin, std::int64_t end) const {
    const Tensor offsets = view(feature.offsets).index({Slice(begin, end + 1)});
    const std::int64_t first = feature.offsets[static_cast<std::size_t>(begin)];
    const std::int64_t last = feature.offsets[static_cast<std::size_t>(end)];
    const Tensor ids = view(feature.ids).index({Slice(first, last)});
    auto options = F::EmbeddingBagFuncOptions()
                       .offsets(offsets - first)
                       .include_last_offset(true)
                       .sparse(true)
                       .mode(torch::kSum);
    // LibTorch weights sums alone, so a weighted mean is a weighted sum over the bag's length.
    if (feature.weighted)
      options.per_sample_weights(view(feature.weights).index({Slice(first, last)}));
    const Tensor sum = F::embedding_bag(ids, weight, options);
    if (pooling == Pooling::sum) return sum;
    return sum / offsets.diff().clamp_min(1).unsqueeze(1);
  }
};

void set_learning_rate(torch::optim::Optimizer& optimizer, double learning_rate) {
  for (auto& group : optimizer.param_groups()) group.options().set_lr(learning_rate);
}

}  // namespace

struct Model::Parts {
  std::map<std::string, EmbeddingTable> tables;
  std::optional<Mlp> bottom;
  std::optional<CrossNet> cross;
  std::optional<Mlp> top;
  std::vector<Tensor> trained;  ///< all weights
  double clip_norm = 0;
  std::unique_ptr<torch::optim::Optimizer> dense_optimizer;

  Parts(const Settings& settings, const DataFolder& data) {
    for (const auto& [name, table] : settings.tables) tables.try_emplace(name, settings, table);
    const auto vectors = static_cast<std::int64_t>(data.features.size()) + (data.num_dense > 0);
    std::int64_t top_in = vectors * (vectors - 1) / 2;
    std::vector<Tensor> parameters;
    if (data.num_dense > 0) {
      bottom.emplace(settings, "bottom", data.num_dense, settings.bottom_mlp, true);
      bottom->collect(parameters);
      top_in += settings.embedding_dim;
    }
    if (settings.cross_layers > 0) {
      top_in = vectors * settings.embedding_dim;
      cross.emplace(settings, top_in);
      cross->collect(parameters);
    }
    top.emplace(settings, "top", top_in, settings.top_mlp, false);
    top->collect(parameters);
    dense_optimizer =
        library_optimizer_of(settings.dense_optimizer, settings.dense_settings, parameters);
    trained = parameters;
    for (const auto& [name, table] : tables) trained.push_back(table.weight);
    clip_norm = settings.gradient_clip_norm;
  }

  Tensor logits(const DataFolder& data, std::int64_t begin, std::int64_t end) {
    std::vector<Tensor> vectors;
    if (bottom) {
      const Tensor dense = view(data.dense).reshape({data.samples, data.num_dense});
      vectors.push_back(bottom->forward(dense.index({Slice(begin, end)})));
    }
    for (const Feature& feature : data.features) {
      vectors.push_back(tables.at(feature.table).pool(feature, begin, end));
    }
    if (cross) return top->forward(cross->forward(torch::cat(vectors, 1))).squeeze(1);
    const Tensor stacked = torch::stack(vectors, 1);
    const auto n = static_cast<std::int64_t>(vectors.size());
    const Tensor below = torch::tril_indices(n, n, -1);
    const Tensor products = torch::bmm(stacked, stacked.transpose(1, 2));
    const Tensor pairs = products.index({Slice(), below[0], below[1]});
    return top->forward(bottom ? torch::cat({vectors[0], pairs}, 1) : pairs).squeeze(1);
  }

  void zero_gradients() {
    dense_optimizer->zero_grad();
    for (auto& [name, table] : tables) table.weight.mutable_grad() = Tensor();
  }

  /// torch's clip_grad_norm_, which in C++ leaves sparse gradients as they are.
  void clip_gradients() {
    if (clip_norm == 0) return;
    double squares = 0;
    for (Tensor& weight : trained) {
      if (weight.grad().is_sparse()) weight.mutable_grad() = weight.grad().coalesce();
      const Tensor values = weight.grad().is_sparse() ? weight.grad().values() : weight.grad();
      squares += values.to(torch::kFloat64).pow(2).sum().item<double>();
    }
    const double scale = clip_norm / (std::sqrt(squares) + 1e-6);
    if (scale >= 1) return;
    for (Tensor& weight : trained) weight.mutable_grad() = weight.grad() * scale;
  }

  void apply_gradients(const LearningRates& rates) {
    set_learning_rate(*dense_optimizer, rates.dense);
    dense_optimizer->step();
    for (auto& [name, table] : tables) {
      if (table.row_optimizer) {
        table.row_optimizer->step(rates.embeddings);
      } else {
        set_learning_rate(*table.library_optimizer, rates.embeddings);
        table.library_optimizer->step();
      }
    }
  }
};

Model::Model(const Settings& settings, const DataFolder& data) {
  at::set_num_threads(settings.threads);
  parts_ = std::make_unique<Parts>(settings, data);
}

Model::~Model() = default;

double Model::step(const DataFolder& data, std::int64_t begin, std::int64_t end,
                   const LearningRates& rates) {
  parts_->zero_gradients();
  const Tensor labels = view(data.labels).index({Slice(begin, end)});
  const Tensor loss = F::binary_cross_entropy_with_logits(parts_->logits(data, begin, end), labels);
  loss.backward();
  parts_->clip_gradients();
  parts_->apply_gradients(rates);
  return loss.item<double>();
}

std::vector<float> Model::predict(const DataFolder& data, std::int64_t begin, std::int64_t end) {
  const torch::NoGradGuard no_grad;
  const Tensor probabilities = torch::sigmoid(parts_->logits(data, begin, end)).contiguous();
  const float* values = probabilities.data_ptr<float>();
  return {values, values + probabilities.numel()};
}

std::map<std::string, std::vector<float>> Model::weights() const {
  std::map<std::string, std::vector<float>> all;
  const auto put = [&](const std::string& name, const Tensor& tensor) {
    const float* values = tensor.data_ptr<float>();
    all[name].assign(values, values + tensor.numel());
  };
  for (const auto& [name, table] : parts_->tables) put(name, table.weight);
  for (const auto* mlp : {&parts_->bottom, &parts_->top}) {
    if (!*mlp) continue;
    for (std::size_t i = 0; i < (*mlp)->layers.size(); ++i) {
      const std::string layer = (mlp == &parts_->bottom ? "bottom." : "top.") + std::to_string(i);
      put(layer + ".weight", (*mlp)->layers[i]->weight);
      put(layer + ".bias", (*mlp)->layers[i]->bias);
    }
  }
  if (!parts_->cross) return all;
  for (std::size_t i = 0; i < parts_->cross->layers.size(); ++i) {
    const CrossNet::Layer& layer = parts_->cross->layers[i];
    const std::string name = "cross." + std::to_string(i);
    put(name + ".v", layer.v);
    put(name + ".w", layer.w);
    put(name + ".bias", layer.bias);
  }
  return all;
}

}  // namespace reference
